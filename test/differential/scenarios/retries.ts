import type { Client } from '../client.ts'
import { bothModes, oneMode } from '../passes.ts'
import { theme } from '../scenario.ts'

/** A fault of every attempt: the second one was the last. */
const pausedBy = async (c: Client, fault: string) => {
  const { id = '' } = await c.send(`Wire/${fault}`, {})
  const status = await c.until(id, 'paused')
  return { status, journal: await c.journal(id), killed: (await c.operate(id, 'kill')).status }
}

export const retries = [
  ...theme('retries', bothModes, {
    'used up, then paused': async (c) => {
      const id = await c.start('Limited/pause', [
        ['run', 'ready', 1],
        ['crash', 99, 'always'],
      ])
      const status = await c.until(id, 'paused')
      const output = await c.output(id)
      return { status, output, journal: await c.journal(id), killed: await c.operate(id, 'kill') }
    },
    'used up, then killed': async (c) => {
      const answer = await c.run('Limited/kill', [
        ['run', 'ready', 1],
        ['crash', 99, 'always'],
      ])
      return { answer, journal: await c.journal(answer.id ?? ''), status: await c.status(answer.id ?? '') }
    },
    'attempts in all': async (c) => {
      const { id = '' } = await c.run('Limited/kill', [['crash', 99, 'always']])
      return c.attempts(id)
    },
    'the budget is not renewed by progress': async (c) => {
      const answer = await c.run('Limited/kill', [
        ['crash', 1, 'a'],
        ['run', 'a', 1],
        ['crash', 1, 'b'],
        ['run', 'b', 1],
        ['crash', 1, 'c'],
        ['run', 'c', 1],
      ])
      return { status: answer.status, body: answer.body, journal: await c.journal(answer.id ?? '') }
    },
    'a caller gets the last error of a killed callee': async (c) => {
      const answer = await c.run('Script/run', [['catch', [['call', 'Limited/kill', [['crash', 99, 'always']]]]]])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
    'a delay that the handler asks for': async (c) => {
      const started = Date.now()
      const answer = await c.run('Limited/slow', [
        ['retryAfter', 2, 50],
        ['value', 'soon'],
      ])
      return { answer, quick: Date.now() - started < 10_000 }
    },
    'such delays do not use the budget': async (c) =>
      c.run('Limited/kill', [
        ['retryAfter', 6, 20],
        ['value', 'in the end'],
      ]),
    'failed before anything was stored, then not pinned': async (c) => {
      const id = await c.start('Limited/slow', [['crash', 1, 'once']])
      const status = await c.until(id, 'backing-off')
      const view = await c.status(id)
      await c.operate(id, 'kill')
      return { status, pinned: view?.pinned }
    },
    'an attempt that takes longer than the abort timeout': async (c) => {
      const id = await c.start('Impatient/aborts', [['run', 'ready', 1], ['gate', c.key], ['attempts']])
      await c.eventually(
        () => c.attempts(id),
        (attempts) => attempts > 1,
      )
      await c.open(c.key)
      const { status } = await c.attach(id)
      return { status, journal: await c.journal(id) }
    },
    'waiting longer than the inactivity timeout suspends': async (c) => {
      const id = await c.start('Impatient/suspends', [
        ['run', 'ready', 1],
        ['start', 'w', ['awakeable', 'w']],
        ['await', 'w'],
        ['run', 'after', 2],
      ])
      const status = await c.until(id, 'suspended')
      const view = await c.status(id)
      await c.resolve(c.awakeable(id), 'woken')
      return { status, view, result: await c.attach(id), journal: await c.journal(id) }
    },
    'suspended before anything was stored, then not pinned': async (c) => {
      const id = await c.start('Impatient/suspends', [
        ['start', 'w', ['awakeable', 'w']],
        ['await', 'w'],
      ])
      await c.until(id, 'suspended')
      const view = await c.status(id)
      await c.resolve(c.awakeable(id), 'woken')
      return { view, result: await c.attach(id) }
    },
  }),
  ...theme('answers of services', oneMode, {
    'busy, and when to come again': (c) => c.call('Wire/busy', {}),
    busy: (c) => pausedBy(c, 'unavailable'),
    'an error': (c) => pausedBy(c, 'broken'),
    'a redirection': (c) => pausedBy(c, 'elsewhere'),
    'another protocol version': (c) => pausedBy(c, 'tooNew'),
    'another content type': (c) => pausedBy(c, 'otherType'),
    nothing: (c) => pausedBy(c, 'silent'),
    'a reset': (c) => pausedBy(c, 'reset'),
  }),
]
