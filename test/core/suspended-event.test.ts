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

t.test('what is kept of an invocation has a bound, whatever it is', (t) => {
  const bench = new Bench()
  bench.invoke('a')
  const { seq } = bench.get('a')
  for (let n = 0; n < 150; n += 1) {
    bench.decide({ type: 'suspend', now: bench.now + n, seq, awaiting: { ...awaiting, future } })
    bench.decide({ type: 'resume', now: bench.now + n, id: bench.get('a').id, deployment: 'keep' })
  }
  t.equal(bench.get('a').events.length, 100)
  t.equal(bench.get('a').events.at(-1)?.at, bench.now + 149)
  t.end()
})
