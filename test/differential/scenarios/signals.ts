import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

const wait = [
  ['run', 'ready', 1],
  ['start', 'w', ['awakeable', 'w']],
  ['await', 'w'],
] as const

export const signals = [
  ...theme('awakeables', bothModes, {
    'resolved from outside': async (c) => {
      const id = await c.start('Script/run', wait)
      const waits = await c.waits(id, 3)
      const resolved = await c.resolve(c.awakeable(id), { v: [1] })
      return { waits, resolved, result: await c.attach(id), journal: await c.journal(id) }
    },
    'the id is made from the invocation': async (c) => {
      const { id = '', body } = await c.run('Script/run', [
        ['start', 'w', ['awakeable', 'w']],
        ['start', 'x', ['awakeable', 'x']],
        ['value', '$w'],
        ['value', '$x'],
      ])
      return { same: Array.isArray(body) && body[2] === c.awakeable(id) && body[3] === c.awakeable(id, 1), body }
    },
    'resolved by the short path': async (c) => {
      const id = await c.start('Script/run', wait)
      await c.waits(id, 3)
      const resolved = await c.ingress('POST', `/restate/a/${c.awakeable(id)}/resolve`, 'short')
      return { resolved, result: await c.attach(id) }
    },
    'resolved with nothing': async (c) => {
      const id = await c.start('Script/run', wait)
      await c.waits(id, 3)
      const resolved = await c.ingress('POST', `/restate/awakeables/${c.awakeable(id)}/resolve`, {
        type: 'application/json',
        bytes: Buffer.alloc(0),
      })
      return { resolved, result: await c.attach(id) }
    },
    'rejected from outside': async (c) => {
      const id = await c.start('Script/run', wait)
      await c.waits(id, 3)
      const rejected = await c.reject(c.awakeable(id), 'not today')
      return { rejected, result: await c.attach(id), journal: await c.journal(id) }
    },
    'rejected with JSON, which is text': async (c) => {
      const id = await c.start('Script/run', wait)
      await c.waits(id, 3)
      await c.ingress('POST', `/restate/awakeables/${c.awakeable(id)}/reject`, { code: 400, message: 'no' })
      return c.attach(id)
    },
    'resolved before it is awaited': async (c) => {
      const id = await c.start('Script/run', [
        ['start', 'w', ['awakeable', 'w']],
        ['run', 'ready', 1],
        ['gate', c.key],
        ['await', 'w'],
      ])
      await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= 3,
      )
      await c.resolve(c.awakeable(id), 'early')
      await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= 4,
      )
      await c.open(c.key)
      return { result: await c.attach(id), journal: await c.journal(id) }
    },
    'resolved twice before it is awaited': async (c) => {
      const id = await c.start('Script/run', [
        ['start', 'w', ['awakeable', 'w']],
        ['run', 'ready', 1],
        ['gate', c.key],
        ['crash', 1, 'to read all of it again'],
        ['await', 'w'],
      ])
      await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= 3,
      )
      const first = await c.resolve(c.awakeable(id), 'first')
      const second = await c.resolve(c.awakeable(id), 'second')
      await c.pause(200)
      await c.open(c.key)
      return { first, second, result: await c.attach(id), journal: await c.journal(id) }
    },
    'resolved twice while the attempt is busy': async (c) => {
      const id = await c.start('Script/run', [
        ['start', 'w', ['awakeable', 'w']],
        ['run', 'ready', 1],
        ['gate', c.key],
        ['await', 'w'],
      ])
      await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= 3,
      )
      await c.resolve(c.awakeable(id), 'first')
      await c.resolve(c.awakeable(id), 'second')
      await c.pause(200)
      await c.open(c.key)
      return { result: await c.attach(id), journal: await c.journal(id) }
    },
    'resolved after the end': async (c) => {
      const { id = '' } = await c.run('Script/run', [['value', 1]])
      return { resolved: await c.resolve(c.awakeable(id), 1), journal: await c.journal(id) }
    },
    'of an invocation that never was': (c) => c.resolve(c.awakeable('inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'), 1),
    'wrong method': async (c) =>
      c.ingress('GET', `/restate/awakeables/${c.awakeable('inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz')}/resolve`),
    'resolved by another handler': async (c) => {
      const id = await c.start('Script/run', wait)
      await c.waits(id, 3)
      const resolver = await c.run('Script/run', [['resolve', c.awakeable(id), { from: 'handler' }]])
      return { resolver, journal: await c.journal(resolver.id ?? ''), result: await c.attach(id) }
    },
    'rejected by another handler': async (c) => {
      const id = await c.start('Script/run', wait)
      await c.waits(id, 3)
      const resolver = await c.run('Script/run', [['reject', c.awakeable(id), 'handler says no']])
      return { journal: await c.journal(resolver.id ?? ''), result: await c.attach(id) }
    },
    'the id sent to an object, which resolves it': async (c) => {
      const answer = await c.run('Script/run', [
        ['start', 'w', ['awakeable', 'w']],
        ['let', 's', ['send', `Object/${c.key}/run`, [['resolve', '$w', 'from the object']]]],
        ['await', 'w'],
      ])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
    'two, resolved in the other order': async (c) => {
      const id = await c.start('Script/run', [
        ['run', 'ready', 1],
        ['start', 'a', ['awakeable', 'a']],
        ['start', 'b', ['awakeable', 'b']],
        ['all', ['a', 'b']],
      ])
      await c.waits(id, 3)
      await c.resolve(c.awakeable(id, 1), 'b')
      await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= 4,
      )
      await c.resolve(c.awakeable(id, 0), 'a')
      return { result: await c.attach(id), journal: await c.journal(id) }
    },
    'with a timeout that is over': async (c) => {
      const answer = await c.run('Script/run', [
        ['start', 'w', ['awakeable', 'w']],
        ['catch', [['orTimeout', 'w', 50]]],
      ])
      return { answer, journal: await c.journal(answer.id ?? '') }
    },
  }),
  ...theme('named signals', bothModes, {
    'from another handler': async (c) => {
      const id = await c.start('Script/run', [
        ['run', 'ready', 1],
        ['signal', 'go'],
      ])
      const waits = await c.waits(id, 3)
      const sender = await c.run('Script/run', [['signalTo', id, 'go', { now: true }]])
      return { waits, result: await c.attach(id), journals: [await c.journal(id), await c.journal(sender.id ?? '')] }
    },
    rejected: async (c) => {
      const id = await c.start('Script/run', [
        ['run', 'ready', 1],
        ['catch', [['signal', 'go']]],
      ])
      await c.waits(id, 3)
      await c.run('Script/run', [['rejectSignalTo', id, 'go', 'stop']])
      return { result: await c.attach(id), journal: await c.journal(id) }
    },
    'one that nobody awaits yet': async (c) => {
      const id = await c.start('Script/run', [
        ['run', 'ready', 1],
        ['signal', 'first'],
        ['signal', 'second'],
      ])
      await c.waits(id, 3)
      await c.run('Script/run', [['signalTo', id, 'second', 2]])
      const early = await c.eventually(
        () => c.journal(id),
        ({ length }) => length >= 4,
      )
      const status = await c.waits(id, 4)
      await c.run('Script/run', [['signalTo', id, 'first', 1]])
      return { early, status, result: await c.attach(id), journal: await c.journal(id) }
    },
    'to an invocation that never was': (c) =>
      c.run('Script/run', [['signalTo', 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz', 'go', 1]]),
    'to an invocation that has ended': async (c) => {
      const { id = '' } = await c.run('Script/run', [['value', 1]])
      return { answer: await c.run('Script/run', [['signalTo', id, 'go', 1]]), journal: await c.journal(id) }
    },
  }),
]
