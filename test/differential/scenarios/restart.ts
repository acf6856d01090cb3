import type { Answer } from '../answers.ts'
import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'

const unknown = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'
const newId = ({ body }: Answer) => String(Object(body).new_invocation_id)

export const restart = theme('restart as new', bothModes, {
  'from the input': async (c) => {
    const first = await c.run('Script/run', [
      ['runMark', c.key],
      ['value', 'x'],
    ])
    const restarted = await c.operate(first.id ?? '', 'restart-as-new')
    const id = newId(restarted)
    return {
      first,
      restarted,
      result: await c.attach(id),
      journal: await c.journal(id),
      status: await c.status(id),
      samePartition: id.slice(0, 16) === first.id?.slice(0, 16),
    }
  },
  'from an entry': async (c) => {
    const first = await c.run('Script/run', [
      ['runMark', `${c.key} a`],
      ['runMark', `${c.key} b`],
      ['runMark', `${c.key} c`],
    ])
    const restarted = await c.operate(first.id ?? '', 'restart-as-new?from=2')
    const id = newId(restarted)
    const result = await c.attach(id)
    return { first, restarted, result, journal: await c.journal(id), status: await c.status(id) }
  },
  'from the last entry but one': async (c) => {
    const first = await c.run('Script/run', [
      ['call', 'Script/run', [['mark', c.key]]],
      ['sleep', 10],
      ['run', 'end', 1],
    ])
    const restarted = await c.operate(first.id ?? '', 'restart-as-new?from=4')
    const id = newId(restarted)
    return { restarted, result: await c.attach(id), journal: await c.journal(id), marks: await c.marks(c.key) }
  },
  'from a command whose completion comes later': async (c) => {
    const first = await c.run('Script/run', [
      ['start', 'a', ['sleep', 1200]],
      ['start', 'b', ['run', 'b', 1]],
      ['all', ['a', 'b']],
    ])
    const restarted = await c.operate(first.id ?? '', 'restart-as-new?from=1')
    const id = newId(restarted)
    return {
      journalBefore: await c.journal(first.id ?? ''),
      restarted,
      result: await c.attach(id),
      journal: await c.journal(id),
    }
  },
  'from entries that cannot be': async (c) => {
    const { id = '' } = await c.run('Script/run', [['run', 'a', 1]])
    return {
      tooFar: await c.operate(id, 'restart-as-new?from=99'),
      output: await c.operate(id, 'restart-as-new?from=3'),
      word: await c.operate(id, 'restart-as-new?from=x'),
      negative: await c.operate(id, 'restart-as-new?from=-1'),
    }
  },
  'from a command that was never completed': async (c) => {
    const { id = '' } = await c.run('Script/run', [
      ['start', 'a', ['sleep', 60_000]],
      ['run', 'b', 1],
    ])
    return c.operate(id, 'restart-as-new?from=1')
  },
  'a failed one': async (c) => {
    const first = await c.run('Script/run', [
      ['run', 'a', 1],
      ['fail', 409, 'no'],
    ])
    const restarted = await c.operate(first.id ?? '', 'restart-as-new')
    return { restarted, result: await c.attach(newId(restarted)) }
  },
  'a killed one': async (c) => {
    const id = await c.start('Script/run', [
      ['run', 'a', 1],
      ['gate', c.key],
      ['value', 'done'],
    ])
    await c.eventually(
      () => c.journal(id),
      ({ length }) => length >= 3,
    )
    await c.operate(id, 'kill')
    await c.attach(id)
    await c.open(c.key)
    const restarted = await c.operate(id, 'restart-as-new')
    return { restarted, result: await c.attach(newId(restarted)) }
  },
  'an object waits for its key': async (c) => {
    const target = `Object/${c.key}/run`
    const first = await c.run(target, [
      ['let', 'n', ['get', 'n']],
      ['set', 'n', 'by the first'],
    ])
    const holder = await c.start(target, [['gate', c.key]])
    const restarted = await c.operate(first.id ?? '', 'restart-as-new')
    const pending = await c.until(newId(restarted), 'pending')
    await c.open(c.key)
    await c.attach(holder)
    return { restarted, pending, result: await c.attach(newId(restarted)) }
  },
  'with an idempotency key': async (c) => {
    const options = { idempotencyKey: c.key }
    const first = await c.run('Script/run', [['mark', c.key]], options)
    const restarted = await c.operate(first.id ?? '', 'restart-as-new')
    const result = await c.attach(newId(restarted))
    return { first, restarted, result, again: await c.run('Script/run', [['mark', c.key]], options) }
  },
  'what cannot be restarted': async (c) => {
    const running = await c.start('Script/run', [['gate', c.key]])
    await c.until(running, 'running')
    const { id: scheduled = '' } = await c.send('Script/run', [], { query: 'delay=10m' })
    const answers = [
      await c.operate(running, 'restart-as-new'),
      await c.operate(scheduled, 'restart-as-new'),
      await c.operate(unknown, 'restart-as-new'),
      await c.operate('x', 'restart-as-new'),
    ]
    await c.open(c.key)
    return { answers, result: await c.attach(running) }
  },
  'without its journal': async (c) => {
    const { id = '' } = await c.run('Script/run', [['run', 'a', 1]])
    await c.operate(id, 'purge-journal')
    await c.eventually(
      () => c.journal(id),
      ({ length }) => length === 0,
    )
    return c.operate(id, 'restart-as-new')
  },
  'random numbers go on from an entry': async (c) => {
    const first = await c.run('Script/run', [['let', 'u', ['uuid']], ['run', 'kept', '$u'], ['sleep', 5], ['uuid']])
    const restarted = await c.operate(first.id ?? '', 'restart-as-new?from=2')
    const again = await c.attach(newId(restarted))
    const [a, b] = [first.body, again.body].map((body) => (Array.isArray(body) ? body : []))
    return { restarted, status: again.status, sameBefore: a?.[0] === b?.[0], sameAfter: a?.[3] === b?.[3] }
  },
  'random numbers that are in the entries': async (c) => {
    const first = await c.run('Script/run', [
      ['let', 'u', ['uuid']],
      ['call', 'Script/run', [['value', '$u']]],
      ['run', 'end', 1],
    ])
    const id = newId(await c.operate(first.id ?? '', 'restart-as-new?from=3'))
    const status = await c.eventually(
      async () => (await c.status(id))?.status,
      (now) => now === 'completed' || now === 'backing-off',
    )
    await c.operate(id, 'kill')
    return status
  },
})
