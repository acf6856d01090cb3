import t from 'tap'
import { EntryType } from '../../src/core/entry-type.ts'
import type { AwaitedFuture, Combinator, JournalEntry } from '../../src/core/journal.ts'
import { isResolved } from '../../src/core/lifecycle/awaited-future.ts'
import { Bench, bytes, value } from './fixtures.ts'

const future = (combinator: Combinator, completions: number[], nested: AwaitedFuture[] = []): AwaitedFuture => ({
  combinator,
  waitingCompletions: completions,
  waitingSignals: [],
  waitingNamedSignals: [],
  nestedFutures: nested,
})

/** A journal with these completions in this order: positive succeeded, negative failed. */
const journal = (...ids: number[]): JournalEntry[] =>
  ids.map((id) => ({
    kind: 'notification',
    type: EntryType.RunCompletion,
    key: { kind: 'completion', id: Math.abs(id) },
    result: id > 0 ? value('') : { kind: 'failure', failure: { code: 500, message: '' } },
    appendedAt: 0,
  }))

t.test('what resolves which combination', async (t) => {
  const cases: readonly [Combinator, number[], number[], boolean][] = [
    ['first-completed', [1, 2], [], false],
    ['first-completed', [1, 2], [2], true],
    ['unknown', [1, 2], [2], true],
    ['all-completed', [1, 2], [1], false],
    ['all-completed', [1, 2], [1, -2], true],
    ['first-succeeded-or-all-failed', [1, 2], [-1], false],
    ['first-succeeded-or-all-failed', [1, 2], [-1, 2], true],
    ['first-succeeded-or-all-failed', [1, 2], [-1, -2], true],
    ['all-succeeded-or-first-failed', [1, 2], [1], false],
    ['all-succeeded-or-first-failed', [1, 2], [1, 2], true],
    ['all-succeeded-or-first-failed', [1, 2], [-2], true],
  ]
  for (const [combinator, waiting, arrived, expected] of cases) {
    const name = `${combinator} of ${waiting} with ${arrived}`
    t.equal(isResolved(future(combinator, waiting), journal(...arrived), 0), expected, name)
  }
})

t.test('trees: outcomes are passed up, what only the handler can judge wakes it', async (t) => {
  const firstOfBoth = future('first-completed', [2, 3])
  const all = future('all-succeeded-or-first-failed', [1], [firstOfBoth])
  t.equal(isResolved(all, journal(1), 0), false)
  t.equal(isResolved(all, journal(1, 3), 0), true)
  t.equal(isResolved(all, journal(-3), 0), true, 'the failure of the first is the failure of all')
  t.equal(isResolved(all, journal(2, -3), 0), false, 'the first one counts: 2 succeeded before 3 failed')
  const unknown = future('unknown', [2, 3])
  t.equal(isResolved(future('all-succeeded-or-first-failed', [1], [unknown]), journal(2), 0), true)
})

t.test('a suspended handler sleeps until its tree is resolved; without a tree each result wakes it', async (t) => {
  for (const tree of [true, false]) {
    const bench = new Bench()
    bench.invoke('a')
    for (const id of [1, 2]) bench.append('a', { kind: 'sleep', completionId: id, wakeUpAt: bench.now + id })
    const awaiting = { completions: [1, 2], signals: [1], namedSignals: [], seenEntries: 3 }
    const all = future('all-completed', [1, 2])
    bench.decide({
      type: 'suspend',
      now: bench.now,
      seq: 1,
      awaiting: tree ? { ...awaiting, future: all } : awaiting,
    })
    const fire = (completionId: number) =>
      bench.decide({ type: 'fire-timer', now: bench.now, timer: { kind: 'sleep', seq: 1, at: 0, completionId } })
    fire(1)
    t.equal(bench.get('a').status, tree ? 'suspended' : 'invoked')
    fire(2)
    t.equal(bench.get('a').status, 'invoked')
  }
})

t.test('a cancellation wakes a suspended handler once; one that it has caught does not wake it again', async (t) => {
  const bench = new Bench()
  bench.invoke('a')
  bench.suspend('a', [9])
  bench.operate({ type: 'cancel', id: bench.get('a').id })
  t.equal(bench.get('a').status, 'invoked')
  bench.append('a', { kind: 'sleep', completionId: 9, wakeUpAt: bench.now + 100 }, bytes('compensation'))
  bench.suspend('a', [9])
  t.equal(bench.get('a').status, 'suspended', 'no loop of attempts')
  bench.operate({ type: 'cancel', id: bench.get('a').id })
  t.equal(bench.get('a').status, 'invoked', 'a second cancellation counts again')
})
