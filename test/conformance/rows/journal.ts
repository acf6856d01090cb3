import { setTimeout as sleep } from 'node:timers/promises'
import { Bench, effectTypes, eventTypes, id, request, value } from '../../core/fixtures.ts'
import { corner } from '../corner.ts'
import type { Environment } from '../environment.ts'
import { aWhile } from '../polling.ts'
import { awakeableOf, FIRST_AWAKEABLE, type TestServer } from '../test-server.ts'
import { unique } from '../unique.ts'

const SHORT_SLEEP_MS = 3000
const LONG_SLEEP_MS = 5000

const FIRST = { kind: 'signal', index: FIRST_AWAKEABLE } as const
const SECOND = { kind: 'signal', index: FIRST_AWAKEABLE + 1 } as const

function signal(bench: Bench, name: string, key: typeof FIRST | typeof SECOND, text: string) {
  const signal = { target: id(name), key, result: value(text) }
  return bench.decide({ type: 'deliver-signal', now: bench.now, signal })
}

function awaitSignals(bench: Bench, name: string, signals: readonly number[]) {
  const { seq, journal } = bench.get(name)
  const awaiting = { completions: [], signals, namedSignals: [], seenEntries: journal.length }
  return bench.decide({ type: 'suspend', now: bench.now, seq, awaiting })
}

/** A handler that waits for two awakeables gets the first, and a while later the second; returns its attempts. */
async function resolveBoth(server: TestServer, { attempts, untilAttempts }: Environment) {
  const { invocationId } = await server.send('Limited/awaitsBoth')
  await server.until(invocationId, 'suspended')
  await server.resolve(invocationId, 'a', FIRST.index)
  await aWhile()
  await server.until(invocationId, 'suspended')
  const afterFirst = await attempts(invocationId)
  await server.resolve(invocationId, 'b', SECOND.index)
  const { json } = await server.attach(invocationId)
  await untilAttempts(invocationId, afterFirst + 1)
  const view = await server.find(invocationId)
  return { json, afterFirst, version: view?.pinned_service_protocol_version }
}

/** Journal, suspension and timers. */
export const journal = [
  corner(44, 'the journal of a call: the call, its id, its result, the output', {
    sdk: async (t, { server }) => {
      const call = { service: 'Leaf', handler: 'record', input: { name: unique(), value: 1 } }
      const answer = await server.call('Caller/forward', call)
      t.same(await server.journal(answer.id), [
        'Command: Input',
        'Command: Call',
        'Notification: CallInvocationId',
        'Notification: Call',
        'Command: Output',
      ])
    },
  }),

  corner(45, 'a result that comes while the handler suspends: no suspension, the next attempt at once', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a')
      bench.call('a', request('callee'), [1, 2])
      const awaiting = { completions: [2], signals: [1], namedSignals: [], seenEntries: bench.get('a').journal.length }
      bench.output('callee', 'r')
      bench.end('callee')
      const turn = bench.decide({ type: 'suspend', now: bench.now, seq: bench.seq('a'), awaiting })
      t.match(turn.effects, [{ type: 'start-attempt', journalLength: 4, first: false }])
      t.equal(bench.get('a').status, 'invoked')
    },
  }),

  corner(46, 'a signal that nobody waits for is kept, and wakes nobody', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a')
      awaitSignals(bench, 'a', [1, SECOND.index])
      t.same(effectTypes(signal(bench, 'a', FIRST, 'x')), [])
      t.equal(bench.get('a').status, 'suspended')
      t.match(bench.get('a').journal.at(-1), { key: FIRST, result: value('x') })
    },
    sdk: async (t, { server, attempts }) => {
      const { invocationId } = await server.send('Limited/suspends')
      await server.until(invocationId, 'suspended')
      await server.resolve(invocationId, 'other', SECOND.index)
      await aWhile()
      t.match(await server.find(invocationId), { status: 'suspended', journal_size: 2 })
      t.equal(await attempts(invocationId), 1)
      await server.operate(invocationId, 'kill')
    },
  }),

  corner(47, 'a signal that is waited for wakes', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a')
      awaitSignals(bench, 'a', [1, FIRST.index])
      t.match(signal(bench, 'a', FIRST, 'x').effects, [{ type: 'start-attempt', journalLength: 2, first: false }])
    },
    sdk: async (t, { server, attempts }) => {
      const { invocationId } = await server.send('Limited/suspends')
      await server.until(invocationId, 'suspended')
      await server.resolve(invocationId, 'now')
      t.match(await server.attach(invocationId), { status: 200, json: 'now' })
      t.equal(await attempts(invocationId), 2)
    },
  }),

  corner(48, 'all of two: up to V6 each one wakes, with V7 only the last', {
    sdk: async (t, environment) => {
      const v6 = await resolveBoth(environment.server, environment)
      t.same(v6, { json: ['a', 'b'], afterFirst: 2, version: 6 })
      const server = await environment.startServer(t, { RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7: 'true' })
      const v7 = await resolveBoth(server, environment)
      t.same(v7, { json: ['a', 'b'], afterFirst: 1, version: 7 })
    },
  }),

  corner(49, 'a sleep outlives a restart; one that is overdue ends at once', {
    sdk: async (t, { startServer }) => {
      const server = await startServer(t)
      const sentAt = Date.now()
      const short = await server.send('Leaf/sleep', SHORT_SLEEP_MS)
      const long = await server.send('Leaf/sleep', LONG_SLEEP_MS)
      for (const { invocationId } of [short, long]) await server.untilEntry(invocationId, 'Command: Sleep')
      await server.kill()
      await sleep(Math.max(0, sentAt + SHORT_SLEEP_MS - Date.now()))
      await server.startAgain()
      const startedAt = Date.now()
      t.equal((await server.attach(short.invocationId)).status, 200)
      const after = Date.now() - startedAt
      t.ok(after < SHORT_SLEEP_MS, `overdue: ${after} ms after the start`)
      const wokeUpAt = Number((await server.attach(long.invocationId)).json)
      t.ok(wokeUpAt - sentAt >= LONG_SLEEP_MS, `slept ${wokeUpAt - sentAt} ms`)
    },
  }),

  corner(50, 'the result of a run is stored once: what fails behind it does not run it again', {
    sdk: async (t, { server }) => {
      t.match(await server.call('Leaf/runThenFail'), { status: 200, json: { attempt: 2, runs: 1 } })
    },
  }),

  corner(51, 'a run that is longer than the inactivity time-out: its result is kept, the second attempt has it', {
    sdk: async (t, { server, attempts, noted }) => {
      const answer = await server.call('Limited/runsBeyondInactivity', 600)
      t.match(answer, { status: 200, json: { runs: 1 } })
      t.equal(await attempts(answer.id), 2)
      t.equal((await noted(`runs ${answer.id}`)).length, 1)
      t.notOk((await server.find(answer.id))?.events, 'it did not fail')
    },
  }),

  corner(52, 'a run that is longer than inactivity and abort time-out: RT0001, and it runs again', {
    sdk: async (t, { server, noted }) => {
      const { invocationId } = await server.send('Limited/runsBeyondAbort', 1500)
      t.match(await server.attach(invocationId), { status: 200, json: { runs: 2 } })
      t.equal((await noted(`runs ${invocationId}`)).length, 2)
      t.match((await server.find(invocationId))?.events, [
        { event_type: 'TransientError', last_failure_error_code: 'RT0001' },
      ])
    },
  }),

  corner(53, 'a handler that replays something else: 570, retried, then paused', {
    sdk: async (t, { server, attempts }) => {
      const { invocationId } = await server.send('Limited/changesItsMind')
      const view = await server.until(invocationId, 'paused')
      t.match(view.last_failure, /^\[570\]/)
      t.match(
        view.events?.map((event) => event.event_type),
        ['TransientError', 'TransientError', 'Paused'],
      )
      t.equal(await attempts(invocationId), 3)
    },
  }),

  corner(54, 'of two completions of one awakeable the first counts', {
    restate: 'the last that the handler has not seen',
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a')
      signal(bench, 'a', FIRST, 'first')
      t.same(eventTypes(signal(bench, 'a', FIRST, 'second')), [])
      t.equal(bench.get('a').journal.length, 2)
    },
    sdk: async (t, { server, untilAttempts }) => {
      const { invocationId } = await server.send('Leaf/wait')
      await untilAttempts(invocationId, 1)
      await server.operate(invocationId, 'pause')
      await server.until(invocationId, 'paused')
      await server.resolve(invocationId, 'first')
      await server.resolve(invocationId, 'second')
      await server.operate(invocationId, 'resume')
      t.match(await server.attach(invocationId), { json: 'first' })
    },
  }),

  corner(55, 'a signal before the first command is kept', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a')
      signal(bench, 'a', FIRST, 'early')
      t.equal(bench.get('a').pinned, undefined)
      t.match(awaitSignals(bench, 'a', [1, FIRST.index]).effects, [{ type: 'start-attempt', journalLength: 2 }])
    },
    sdk: async (t, { server }) => {
      const { invocationId } = await server.send('Leaf/wait')
      await server.resolve(invocationId, 'early')
      t.match(await server.attach(invocationId), { json: 'early' })
    },
  }),

  corner(56, 'resolve of an unknown or completed awakeable: 202 without effect; of a malformed one: 400', {
    sdk: async (t, { server }) => {
      const { id } = await server.call('Leaf/record', { name: unique(), value: 'done' })
      const resolve = (awakeable: string) =>
        server.ingress('POST', `/restate/awakeables/${awakeable}/resolve`, 'late').then(({ status }) => status)
      t.equal(await resolve(awakeableOf(id)), 202)
      const { invocationId: purged } = await server.send('Leaf/record', { name: unique(), value: 1 }, { delay: '1h' })
      await server.operate(purged, 'kill')
      t.equal(await resolve(awakeableOf(purged)), 202)
      t.equal(await resolve('sign_1not-an-id'), 400)
      t.match(await server.output(id), { status: 200, json: 'done' })
      t.equal((await server.journal(id)).length, 2)
    },
  }),

  corner(57, 'an attempt that suspends before its first command pins no deployment', {
    core: (t) => {
      const bench = new Bench()
      bench.invoke('a')
      awaitSignals(bench, 'a', [1, FIRST.index])
      t.equal(bench.get('a').pinned, undefined)
      signal(bench, 'a', FIRST, 'x')
      bench.append('a', { kind: 'run', completionId: 1, name: '' })
      t.match(bench.get('a').pinned, { deploymentId: 'dp_1' })
    },
    sdk: async (t, { server }) => {
      const { invocationId } = await server.send('Limited/suspends')
      const view = await server.until(invocationId, 'suspended')
      t.equal(view.pinned_deployment_id, undefined)
      await server.resolve(invocationId, 'x')
      await server.attach(invocationId)
      t.match(await server.find(invocationId), { pinned_deployment_id: /^dp_/ })
    },
  }),

  corner(58, 'random numbers are the same in every attempt, also after a restart from a prefix', {
    restate: 'other ones after a restart from a prefix',
    sdk: async (t, { server, noted }) => {
      const { id, json } = await server.call('Leaf/random')
      const [first, second] = json as string[]
      t.not(first, second)
      t.same(await noted(`random ${id}`), [first, first])
      const restarted = await server.operate(id, 'restart-as-new', { from: '2' })
      const { new_invocation_id: newId } = restarted.json as { new_invocation_id: string }
      await server.attach(newId)
      t.match(await server.attach(newId), { status: 200, json: [first, second] })
    },
  }),
]
