import { bothModes, bothStates } from '../passes.ts'
import { theme } from '../scenario.ts'

export const objects = [
  ...theme('objects', bothStates, {
    'a counter': async (c) => {
      const target = `Object/${c.key}/run`
      const first = await c.run(target, [
        ['get', 'n'],
        ['set', 'n', 1],
        ['get', 'n'],
      ])
      const second = await c.run(target, [
        ['get', 'n'],
        ['set', 'n', 2],
      ])
      return { first, second, third: await c.run(target, [['get', 'n']]), journal: await c.journal(second.id ?? '') }
    },
    'journal of each way to state': async (c) => {
      const target = `Object/${c.key}/run`
      await c.run(target, [
        ['set', 'a', 1],
        ['set', 'b', 'two'],
      ])
      const answer = await c.run(target, [
        ['keys'],
        ['get', 'a'],
        ['get', 'none'],
        ['set', 'c', null],
        ['get', 'c'],
        ['clear', 'a'],
        ['get', 'a'],
        ['clearAll'],
        ['get', 'b'],
        ['keys'],
      ])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
    'keys are sorted': async (c) => {
      const target = `Object/${c.key}/run`
      await c.run(
        target,
        ['z', 'a', 'ä', 'B', 'a.b', '', '🎈'].map((key) => ['set', key, 1] as const),
      )
      return c.run(target, [['keys']])
    },
    'clear and clear all': async (c) => {
      const target = `Object/${c.key}/run`
      await c.run(target, [
        ['set', 'a', 1],
        ['set', 'b', 2],
        ['set', 'c', 3],
      ])
      await c.run(target, [
        ['clear', 'b'],
        ['clear', 'none'],
      ])
      const left = await c.run(target, [['keys'], ['get', 'b'], ['get', 'c']])
      await c.run(target, [['clearAll'], ['set', 'd', 4]])
      return { left, later: await c.run(target, [['keys'], ['get', 'a'], ['get', 'd']]) }
    },
    'each key has a state of its own': async (c) => {
      await c.run(`Object/${c.key}-a/run`, [['set', 'x', 'a']])
      await c.run(`Object/${c.key}-b/run`, [['set', 'x', 'b']])
      return [
        await c.run(`Object/${c.key}-a/look`, [['get', 'x']]),
        await c.run(`Object/${c.key}-b/look`, [['get', 'x']]),
      ]
    },
    'a failure keeps what was written': async (c) => {
      const target = `Object/${c.key}/run`
      const failed = await c.run(target, [
        ['set', 'a', 1],
        ['fail', 400, 'no'],
      ])
      return { failed, state: await c.run(target, [['get', 'a'], ['keys']]) }
    },
    'a shared handler sees what is being written': async (c) => {
      const id = await c.start(`Object/${c.key}/run`, [
        ['set', 'a', 1],
        ['run', 'stored', 1],
        ['gate', c.key],
      ])
      await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= 4,
      )
      const seen = await c.run(`Object/${c.key}/look`, [['get', 'a'], ['keys']])
      await c.open(c.key)
      return { seen, holder: await c.attach(id) }
    },
    'a value read twice while it changes': async (c) => {
      const target = `Object/${c.key}/run`
      await c.run(target, [['set', 'a', 'old']])
      const reader = await c.start(`Object/${c.key}/look`, [
        ['get', 'a'],
        ['mark', c.key],
        ['gate', c.key],
        ['get', 'a'],
      ])
      await c.eventually(
        () => c.marks(c.key),
        (marks) => marks > 0,
      )
      await c.run(target, [['set', 'a', 'new']])
      await c.open(c.key)
      const { body } = await c.attach(reader)
      return { journal: await c.journal(reader), seen: Array.isArray(body) ? [body[0], body[3]] : body }
    },
    'state after a repeated attempt': async (c) => {
      const target = `Object/${c.key}/run`
      await c.run(target, [['set', 'a', 1]])
      const answer = await c.run(target, [
        ['get', 'a'],
        ['set', 'a', 2],
        ['get', 'a'],
        ['crash', 2, 'again'],
        ['get', 'a'],
        ['keys'],
      ])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
    'state after a suspension': async (c) => {
      const answer = await c.run(`Object/${c.key}/run`, [['set', 'a', 1], ['sleep', 60], ['get', 'a'], ['keys']])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
    'a shared handler may not write': async (c) => {
      const id = await c.start(`Object/${c.key}/look`, [
        ['get', 'x'],
        ['set', 'x', 1],
        ['run', 'never', 1],
      ])
      const status = await c.until(id, 'backing-off')
      const journal = await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= (c.pass.state === 'lazy' ? 3 : 2),
      )
      await c.operate(id, 'kill')
      return { status, journal, state: await c.run(`Object/${c.key}/run`, [['get', 'x']]) }
    },
  }),
  ...theme('keys of objects', bothModes, {
    'exclusive calls wait for their turn': async (c) => {
      const target = `Object/${c.key}/run`
      const first = await c.start(target, [
        ['gate', c.key],
        ['value', 1],
      ])
      await c.until(first, 'running')
      const second = await c.start(target, [['value', 2]])
      const statuses = [await c.status(first), await c.status(second)]
      await c.open(c.key)
      return { statuses, first: await c.attach(first), second: await c.attach(second) }
    },
    'first come, first served': async (c) => {
      const target = `Object/${c.key}/run`
      await c.start(target, [['gate', c.key]])
      const ids: string[] = []
      for (let n = 0; n < 8; n += 1)
        ids.push(
          await c.start(target, [
            ['let', 'before', ['get', 'before']],
            ['set', 'before', n],
            ['value', '$before'],
          ]),
        )
      await c.open(c.key)
      return Promise.all(ids.map(async (id) => (await c.attach(id)).body))
    },
    'shared handlers do not wait': async (c) => {
      const id = await c.start(`Object/${c.key}/run`, [['gate', c.key]])
      await c.until(id, 'running')
      const seen = await c.run(`Object/${c.key}/look`, [['value', 'now']])
      await c.open(c.key)
      return { seen, holder: await c.attach(id) }
    },
    'another key does not wait': async (c) => {
      const id = await c.start(`Object/${c.key}/run`, [['gate', c.key]])
      const other = await c.run(`Object/${c.key}-other/run`, [['value', 'now']])
      await c.open(c.key)
      return { other, holder: await c.attach(id) }
    },
    'a suspended holder keeps the key': async (c) => {
      const holder = await c.start(`Object/${c.key}/run`, [
        ['run', 'ready', 1],
        ['start', 'w', ['awakeable', 'w']],
        ['await', 'w'],
      ])
      const waits = await c.waits(holder, 3)
      const second = await c.start(`Object/${c.key}/run`, [['value', 2]])
      const pending = await c.status(second)
      const resolved = await c.resolve(c.awakeable(holder), 'go')
      return { waits, pending, resolved, holder: await c.attach(holder), second: await c.attach(second) }
    },
    'a paused holder keeps the key': async (c) => {
      const holder = await c.start(`Object/${c.key}/limited`, [['crash', 2, 'twice']])
      const paused = await c.until(holder, 'paused')
      const second = await c.start(`Object/${c.key}/run`, [['value', 2]])
      const pending = await c.status(second)
      const resumed = await c.operate(holder, 'resume')
      return { paused, pending, resumed, holder: await c.attach(holder), second: await c.attach(second) }
    },
    'a killed holder frees the key': async (c) => {
      const holder = await c.start(`Object/${c.key}/run`, [
        ['set', 'a', 1],
        ['run', 'stored', 1],
        ['gate', c.key],
      ])
      await c.eventually(
        () => c.journal(holder),
        ({ length }) => length >= 4,
      )
      const second = await c.start(`Object/${c.key}/run`, [['get', 'a']])
      const killed = await c.operate(holder, 'kill')
      return { killed, holder: await c.attach(holder), second: await c.attach(second) }
    },
    'a pending call can be cancelled': async (c) => {
      const target = `Object/${c.key}/run`
      const holder = await c.start(target, [['gate', c.key]])
      const second = await c.start(target, [['value', 2]])
      const third = await c.start(target, [['value', 3]])
      const waiting = c.attach(second)
      await c.pause(300)
      const cancelled = await c.operate(second, 'cancel')
      const answer = await waiting
      const gone = await c.status(second)
      await c.open(c.key)
      return { cancelled, answer, gone: gone ?? null, holder: await c.attach(holder), third: await c.attach(third) }
    },
    'a pending call can be killed': async (c) => {
      const target = `Object/${c.key}/run`
      const holder = await c.start(target, [['gate', c.key]])
      const second = await c.start(target, [['value', 2]])
      const waiting = c.attach(second)
      await c.pause(300)
      const killed = await c.operate(second, 'kill')
      const answer = await waiting
      await c.open(c.key)
      return { killed, answer, gone: (await c.status(second)) ?? null, holder: await c.attach(holder) }
    },
    'an object that calls itself': async (c) => {
      const target = `Object/${c.key}/run`
      const id = await c.start(target, [['call', target, [['value', 'never']]]])
      const waits = await c.waits(id, 3)
      const cancelled = await c.operate(id, 'cancel')
      return {
        waits,
        cancelled,
        answer: await c.attach(id),
        // The callee's end may come in before the caller's or after it.
        journal: (await c.journal(id)).filter((entry) => entry !== 'Notification: Call'),
        free: await c.run(target, [['value', 'free']]),
      }
    },
    'promises in an object': async (c) => {
      const id = await c.start(`Object/${c.key}/limited`, [
        ['set', 'a', 1],
        ['peek', 'p'],
      ])
      const status = await c.until(id, 'paused')
      return { status, journal: await c.journal(id) }
    },
    'state commands in a service': async (c) => {
      const id = await c.start('Limited/pause', [['run', 'before', 1], ['keys']])
      const status = await c.until(id, 'paused')
      return { status, journal: await c.journal(id) }
    },
  }),
]
