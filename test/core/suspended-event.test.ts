import t from 'tap'
import { BinaryWriter } from '../../src/core/codec/binary-writer.ts'
import { readEvents, writeEvent } from '../../src/core/codec/event-codec.ts'
import type { AwaitedFuture } from '../../src/core/journal.ts'
import { eventJson } from '../../src/query/journal/event-json.ts'
import { decodeEvents, rowOf } from '../../src/store/row.ts'
import { Bench } from './fixtures.ts'

const lists = { waitingCompletions: [], waitingSignals: [], waitingNamedSignals: [], nestedFutures: [] }
const future: AwaitedFuture = {
  ...lists,
  waitingSignals: [17, 1],
  nestedFutures: [{ ...lists, waitingCompletions: [3], waitingNamedSignals: ['go'], combinator: 'all-completed' }],
  combinator: 'first-completed',
}
const awaiting = { completions: [3], signals: [17, 1], namedSignals: ['go'], seenEntries: 0 }

function suspended(tree: boolean): Bench {
  const bench = new Bench()
  bench.invoke('a')
  const { seq } = bench.get('a')
  bench.decide({
    type: 'suspend',
    now: bench.now,
    seq,
    awaiting: tree ? { ...awaiting, future } : awaiting,
  })
  return bench
}

t.test('a suspension under V7 is kept, through the log and the store, and told in the words of the peer', (t) => {
  const bench = suspended(true)
  const kept = { kind: 'suspended', afterEntries: 1, at: bench.now, awaiting: { ...awaiting, future } } as const
  t.same(bench.get('a').events, [kept])

  const writer = new BinaryWriter()
  const events = bench.turns.flatMap((turn) => turn.events)
  for (const event of events) writeEvent(writer, event)
  t.same([...readEvents(writer.take(), false)].at(-1), events.at(-1))

  const [stored] = decodeEvents(rowOf(bench.get('a'), 1).events)
  t.same(stored, kept)
  t.same(stored && eventJson(stored), {
    after: 0,
    at: bench.now,
    type: 'Suspended',
    json: '{"ty":"Suspended","awaiting_on":{"FirstCompleted":[{"Single":{"SignalIndex":17}},{"Single":{"SignalIndex":1}},{"AllCompleted":[{"Single":{"CompletionId":3}},{"Single":{"SignalName":"go"}}]}]}}',
  })
  t.end()
})

t.test('before V7 nothing is kept of it', (t) => {
  t.same(suspended(false).get('a').events, [])
  t.end()
})

/** Suspends an invocation again and again, and resumes it each time. */
function suspendOften(bench: Bench, times: number, future: AwaitedFuture): void {
  const { seq, id } = bench.get('a')
  for (let n = 0; n < times; n += 1) {
    bench.decide({ type: 'suspend', now: bench.now + n, seq, awaiting: { ...awaiting, future } })
    bench.decide({ type: 'resume', now: bench.now + n, id, deployment: 'keep' })
  }
}

t.test('of many suspensions the last ones are kept, and why an attempt failed before them', (t) => {
  const bench = new Bench()
  bench.invoke('a')
  bench.decide({
    type: 'fail-attempt',
    now: bench.now,
    seq: bench.seq('a'),
    failure: { code: 500, message: 'boom' },
    countsForPolicy: true,
    countsForHandler: true,
    outcome: { kind: 'retry', at: bench.now },
  })
  suspendOften(bench, 150, future)
  const { events } = bench.get('a')
  t.equal(events.length, 21)
  t.equal(events[0]?.kind, 'transient-error')
  t.equal(events[1]?.at, bench.now + 130)
  t.equal(events.at(-1)?.at, bench.now + 149)
  t.end()
})

t.test('however much a handler waits for, what is kept of that fits into a row', (t) => {
  const named = (count: number, length: number): AwaitedFuture => ({
    ...lists,
    waitingNamedSignals: Array.from({ length: count }, (_, n) => `${n}`.padEnd(length, 'x')),
    combinator: 'unknown',
  })
  for (const [large, least] of [
    [named(10, 1000), 1],
    [named(1000, 10), 1],
    [named(1, 2_000_000), 0],
    [{ ...lists, waitingCompletions: Array.from({ length: 5000 }, (_, n) => n), combinator: 'unknown' as const }, 3],
  ] as const) {
    const bench = new Bench()
    bench.invoke('a')
    suspendOften(bench, 40, large)
    t.equal(bench.get('a').events.length, least)
    t.ok((rowOf(bench.get('a'), 1).events?.length ?? 0) < 64 * 1024)
  }
  t.end()
})
