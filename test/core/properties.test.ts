import fc from 'fast-check'
import t from 'tap'
import { BinaryWriter } from '../../src/core/codec/binary-writer.ts'
import { readEvents, writeEvent } from '../../src/core/codec/event-codec.ts'
import { EntryType } from '../../src/core/entry-type.ts'
import { evolve } from '../../src/core/evolve.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import { isIdleKeyed, type Keyed } from '../../src/core/keyed.ts'
import { PartitionState } from '../../src/core/state.ts'
import { Bench } from './fixtures.ts'
import { run, steps } from './histories.ts'

/** A state as data, so that two can be compared. */
function snapshot(state: PartitionState): unknown {
  return {
    nextSeq: state.nextSeq,
    nextOrder: state.nextOrder,
    invocations: [...state.hot()].map((i) => structuredClone(i)).sort((a, b) => a.seq - b.seq),
    // A key that was only asked for is as good as none.
    keys: [...state.hotKeyed()]
      .filter((k) => !isIdleKeyed(k) || k.state.size > 0 || k.promises.size > 0)
      .map((k) => structuredClone(k))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  }
}

t.test('replaying the encoded events gives the same state, however they are split into batches', async (t) => {
  fc.assert(
    fc.property(steps, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (list, sizes) => {
      const bench = new Bench()
      run(bench, list)
      const events = bench.turns.flatMap((turn) => turn.events)
      const replayed = new PartitionState()
      for (let from = 0, batch = 0; from < events.length; batch += 1) {
        const to = from + (sizes[batch % sizes.length] ?? 1)
        const writer = new BinaryWriter(16)
        for (const event of events.slice(from, to)) writeEvent(writer, event)
        for (const event of readEvents(writer.take(), batch % 2 === 0)) evolve(replayed, event)
        from = to
      }
      t.same(snapshot(replayed), snapshot(bench.state))
    }),
    { numRuns: 150 },
  )
})

t.test('invariants hold after every step', async (t) => {
  fc.assert(
    fc.property(steps, (list) => {
      const bench = new Bench()
      for (const [index] of list.entries()) {
        run(bench, list.slice(index, index + 1))
        for (const invocation of bench.state.hot()) holds(bench.state, invocation)
        for (const keyed of bench.state.hotKeyed()) holdsForKey(bench.state, keyed)
      }
    }),
    { numRuns: 150 },
  )
  t.pass('over 150 random histories')
})

t.test('each call is answered exactly once', async (t) => {
  fc.assert(
    fc.property(steps, (list) => {
      const bench = new Bench()
      run(bench, list)
      for (const invocation of bench.state.hot()) {
        const answers = invocation.journal.filter(
          (e) => e.kind === 'notification' && e.type === EntryType.CallCompletion,
        )
        const ids = answers.map((e) => (e.kind === 'notification' && e.key.kind === 'completion' ? e.key.id : 0))
        check(new Set(ids).size === ids.length, 'an answer came twice')
      }
    }),
    { numRuns: 150 },
  )
  t.pass('over 150 random histories')
})

function holds(state: PartitionState, invocation: Invocation): void {
  const { journal, status } = invocation
  check(state.get(invocation.seq) === invocation, 'found by number')
  const dropped = journal.length === 0
  check(dropped ? status === 'completed' : journal[0]?.kind === 'input', 'a journal begins with its input')
  const commands = journal.filter((entry) => entry.kind !== 'notification').length
  check(dropped || commands === invocation.commandCount, 'commands are counted')
  check((status === 'suspended') === (invocation.awaiting !== undefined), 'a suspended one knows what it waits for')
  check((status === 'completed') === (invocation.result !== undefined), 'a completed one has a result')
  check((status === 'completed') === (invocation.completedAt !== undefined), 'and a time')
  const isIdle = status === 'completed' || status === 'scheduled' || status === 'inboxed'
  check(!isIdle || invocation.sleeping.length === 0, 'no timer for one that does not run')
  check(!isIdle || invocation.calls.length === 0, 'no open call of one that does not run')
  check((status === 'inboxed') === (invocation.queueOrder !== undefined), 'what is queued has a place in the queue')
  check(!invocation.pauseRequested || status === 'invoked', 'only what runs can be asked to pause')
  for (const { callee, completionId } of invocation.calls) {
    const called = state.findHot(callee)
    const isSink = called?.sinks.some((s) => s.caller === invocation.id && s.completionId === completionId)
    check(isSink, 'who is called knows who waits')
  }
  for (const { completionId } of invocation.sleeping) {
    const woke = journal.some(
      (e) =>
        e.kind === 'notification' &&
        e.key.kind === 'completion' &&
        e.key.id === completionId &&
        e.type === EntryType.SleepCompletion,
    )
    check(!woke, 'a sleep that is over has no timer')
  }
  if (status === 'suspended') {
    const arrived = journal.some(
      (e) =>
        e.kind === 'notification' && e.key.kind === 'completion' && invocation.awaiting?.completions.includes(e.key.id),
    )
    check(!arrived, 'nothing that is awaited has arrived: no lost wake-up')
  }
  for (const sink of invocation.sinks) check(status !== 'completed', `a sink ${sink.caller} is left behind`)
}

function holdsForKey(state: PartitionState, keyed: Keyed): void {
  const exclusive = [...state.hot()].filter(
    ({ target }) => target.handlerType === 'Exclusive' && target.service === keyed.service && target.key === keyed.key,
  )
  const running = exclusive.filter(
    ({ status }) => status === 'invoked' || status === 'suspended' || status === 'paused',
  )
  check(running.length <= 1, 'one holder for a key')
  check(keyed.holder === running[0]?.seq, 'who runs holds the key')
  check(keyed.holder !== undefined || keyed.queue.length === 0, 'nobody waits for a free key')
  const queued = [...keyed.queue].flatMap((item) => (item.kind === 'invocation' ? [item.seq] : []))
  const inboxed = exclusive.filter(({ status }) => status === 'inboxed')
  check(queued.length === inboxed.length && inboxed.every(({ seq }) => queued.includes(seq)), 'queue and status agree')
  const orders = [...keyed.queue].map(({ order }) => order)
  check(
    orders.every((order, at) => at === 0 || order > (orders[at - 1] ?? 0)),
    'first come, first served',
  )
}

function check(condition: boolean | undefined, what: string): void {
  if (condition !== true) throw new Error(what)
}
