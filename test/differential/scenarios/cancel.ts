import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'
import type { Step } from '../service/program.ts'

const waiting: readonly Step[] = [
  ['run', 'ready', 1],
  ['start', 'w', ['awakeable', 'w']],
  ['await', 'w'],
]

export const cancel = theme('cancel', bothModes, {
  'what waits': async (c) => {
    const id = await c.start('Script/run', waiting)
    const waits = await c.waits(id, 3)
    const cancelled = await c.operate(id, 'cancel')
    return { waits, cancelled, result: await c.attach(id), journal: await c.journal(id), status: await c.status(id) }
  },
  'what sleeps': async (c) => {
    const id = await c.start('Script/run', [['sleep', 60_000]])
    await c.waits(id, 2)
    const cancelled = await c.operate(id, 'cancel')
    return { cancelled, result: await c.attach(id), journal: await c.journal(id) }
  },
  'what is suspended': async (c) => {
    const id = await c.start('Impatient/suspends', waiting)
    const suspended = await c.until(id, 'suspended')
    const cancelled = await c.operate(id, 'cancel')
    return { suspended, cancelled, result: await c.attach(id), journal: await c.journal(id) }
  },
  'what is scheduled': async (c) => {
    const options = { idempotencyKey: c.key }
    const { id = '' } = await c.send('Script/run', [['value', 1]], { ...options, query: 'delay=10m' })
    const attached = c.attach(id)
    await c.pause(300)
    const cancelled = await c.operate(id, 'cancel')
    const answer = await attached
    return {
      cancelled,
      answer,
      gone: (await c.status(id)) ?? null,
      output: await c.output(id),
      again: await c.run('Script/run', [['value', 2]], options),
    }
  },
  'what has ended': async (c) => {
    const { id = '' } = await c.run('Script/run', [['value', 1]])
    return c.operate(id, 'cancel')
  },
  'what never was': (c) => c.operate('inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz', 'cancel'),
  'what is no id': (c) => c.operate('inv_1', 'cancel'),
  'goes on to calls, not to sends': async (c) => {
    const id = await c.start('Script/run', [
      ['let', 'sent', ['send', 'Script/run', waiting]],
      ['start', 'call', ['call', 'Script/run', waiting]],
      ['run', 'kept', '$sent'],
      ['await', 'call'],
    ])
    await c.waits(id, 7)
    const cancelled = await c.operate(id, 'cancel')
    const result = await c.attach(id)
    return { cancelled, result, entries: await c.journal(id) }
  },
  'a send goes on': async (c) => {
    const { body, id: parent = '' } = await c.run('Script/run', [['send', 'Script/run', waiting]])
    const sent = Array.isArray(body) ? String(body[0]) : ''
    const status = await c.waits(sent, 3)
    const late = await c.operate(parent, 'cancel')
    await c.resolve(c.awakeable(sent), 'went on')
    return { status, late, result: await c.attach(sent) }
  },
  'a call that runs is cancelled with its caller': async (c) => {
    const key = `${c.key}-callee`
    const id = await c.start('Script/run', [['call', `Object/${key}/run`, [['set', 'a', 1], ...waiting]]])
    await c.waits(id, 3)
    await c.eventually(
      () => c.run(`Object/${key}/look`, [['get', 'a']]),
      ({ body }) => Array.isArray(body) && body[0] === 1,
    )
    await c.pause(300)
    const cancelled = await c.operate(id, 'cancel')
    return {
      cancelled,
      result: await c.attach(id),
      journal: await c.journal(id),
      free: await c.run(`Object/${key}/run`, [['get', 'a']]),
    }
  },
  'caught, then success': async (c) => {
    const id = await c.start('Script/run', [
      ['catch', waiting],
      ['run', 'cleaned up', true],
      ['value', 'fine'],
    ])
    await c.waits(id, 3)
    const cancelled = await c.operate(id, 'cancel')
    return { cancelled, result: await c.attach(id), journal: await c.journal(id) }
  },
  'caught, then cancelled again': async (c) => {
    const id = await c.start('Script/run', [
      ['catch', waiting],
      ['run', 'second', 1],
      ['start', 'x', ['awakeable', 'x']],
      ['await', 'x'],
    ])
    await c.waits(id, 3)
    await c.operate(id, 'cancel')
    await c.waits(id, 6)
    const again = await c.operate(id, 'cancel')
    return { again, result: await c.attach(id), journal: await c.journal(id) }
  },
  'again, when it has ended': async (c) => {
    const id = await c.start('Script/run', waiting)
    await c.waits(id, 3)
    const first = await c.operate(id, 'cancel')
    const result = await c.attach(id)
    return { first, result, second: await c.operate(id, 'cancel') }
  },
  'during a closure': async (c) => {
    const id = await c.start('Script/run', [
      ['runFor', 'slow', 300],
      ['run', 'next', 1],
      ['sleep', 60_000],
    ])
    await c.eventually(
      () => c.journal(id),
      ({ length }) => length >= 2,
    )
    const cancelled = await c.operate(id, 'cancel')
    const result = await c.attach(id)
    return { cancelled, result }
  },
  'while it backs off': async (c) => {
    const id = await c.start('Limited/slow', [
      ['run', 'ready', 1],
      ['crash', 1, 'once'],
      ['sleep', 60_000],
    ])
    const status = await c.until(id, 'backing-off')
    const cancelled = await c.operate(id, 'cancel')
    const resumed = await c.operate(id, 'resume')
    return { status, cancelled, resumed: resumed.status, result: await c.attach(id), journal: await c.journal(id) }
  },
  'what is paused': async (c) => {
    const id = await c.start('Limited/pause', [
      ['run', 'ready', 1],
      ['crash', 3, 'thrice'],
      ['sleep', 60_000],
    ])
    const paused = await c.until(id, 'paused')
    const cancelled = await c.operate(id, 'cancel')
    return { paused, cancelled, result: await c.attach(id), journal: await c.journal(id) }
  },
  'by a handler': async (c) => {
    const id = await c.start('Script/run', waiting)
    await c.waits(id, 3)
    const canceller = await c.run('Script/run', [['cancel', id]])
    return {
      canceller,
      result: await c.attach(id),
      journals: [await c.journal(id), await c.journal(canceller.id ?? '')],
    }
  },
  'by a handler, of what never was': (c) =>
    c.run('Script/run', [
      ['cancel', 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'],
      ['value', 'went on'],
    ]),
  'by a handler, of what is scheduled': async (c) => {
    const { id = '' } = await c.send('Script/run', [['value', 1]], { query: 'delay=10m' })
    await c.run('Script/run', [['cancel', id]])
    await c.eventually(
      () => c.status(id),
      (status) => status === undefined,
    )
    return c.output(id)
  },
  'by a handler, with its idempotency key': async (c) => {
    const options = { idempotencyKey: c.key }
    const id = await c.start('Script/run', waiting, options)
    await c.waits(id, 3)
    await c.run('Script/run', [
      ['let', 'id', ['send', 'Script/run', [], options]],
      ['cancel', '$id'],
    ])
    return { result: await c.attach(id), journal: await c.journal(id) }
  },
  'handled explicitly': async (c) => {
    const id = await c.start('Explicit/run', [
      ['run', 'ready', 1],
      ['start', 'w', ['awakeable', 'w']],
      ['start', 'stop', ['cancellation']],
      ['race', ['w', 'stop']],
      ['run', 'after', 2],
    ])
    await c.waits(id, 3)
    const cancelled = await c.operate(id, 'cancel')
    return { cancelled, result: await c.attach(id), journal: await c.journal(id) }
  },
  'a workflow': async (c) => {
    const id = await c.start(`Flow/${c.key}/run`, [
      ['set', 'a', 1],
      ['promise', 'never'],
    ])
    await c.waits(id, 3)
    const cancelled = await c.operate(id, 'cancel')
    return {
      cancelled,
      result: await c.attach(id),
      journal: await c.journal(id),
      again: await c.run(`Flow/${c.key}/run`, []),
    }
  },
  'by the older form of deletion': async (c) => {
    const id = await c.start('Script/run', waiting)
    await c.waits(id, 3)
    const cancelled = await c.admin('DELETE', `/invocations/${id}`)
    const unknown = await c.admin('DELETE', '/invocations/inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz?mode=Kill')
    const mode = await c.admin('DELETE', `/invocations/${id}?mode=stop`)
    return { cancelled, unknown, mode, result: await c.attach(id) }
  },
})
