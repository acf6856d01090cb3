import t from 'tap'
import type { Operation } from '../../src/core/commands/command.ts'
import { Bench, id } from './fixtures.ts'

const failure = { code: 500, message: 'boom' }

/** An attempt fails; the next one is due in an hour. */
function fail(bench: Bench, outcome: 'retry' | 'pause' = 'retry'): void {
  bench.decide({
    type: 'fail-attempt',
    now: bench.now,
    seq: bench.seq('a'),
    failure,
    countsForPolicy: true,
    countsForHandler: true,
    outcome: outcome === 'retry' ? { kind: 'retry', at: bench.now + 3_600_000 } : { kind: 'pause' },
  })
}

function operate(bench: Bench, type: 'pause' | 'resume') {
  const operation: Operation =
    type === 'pause' ? { type, now: bench.now, id: id('a') } : { type, now: bench.now, id: id('a'), deployment: 'keep' }
  return bench.decide(operation)
}

function started(): Bench {
  const bench = new Bench()
  bench.invoke('a')
  return bench
}

t.test('resumed while it backs off, an invocation goes on with the attempts that it has left', (t) => {
  const bench = started()
  fail(bench)
  const turn = operate(bench, 'resume')
  t.match(turn.effects, [{ type: 'start-attempt' }])
  t.match(bench.get('a'), { failedAttempts: 1, retry: { countedFailures: 1, failuresSinceLastEntry: 1 } })
  t.same(bench.get('a').retry?.nextAttemptAt, bench.now, 'it does not wait any more, not after a restart either')
  fail(bench)
  t.match(bench.get('a'), { failedAttempts: 2, retry: { countedFailures: 2 } })
  t.end()
})

t.test('held and resumed by an operator it has all its attempts again; what is shown counts on', (t) => {
  const bench = started()
  fail(bench)
  operate(bench, 'pause')
  t.match(bench.get('a'), { status: 'paused', failedAttempts: 1 })
  operate(bench, 'resume')
  t.match(bench.get('a'), { status: 'invoked', failedAttempts: 1, retry: undefined })
  fail(bench)
  t.match(bench.get('a'), { failedAttempts: 2, retry: { countedFailures: 1 } })
  t.end()
})

t.test('resumed when its attempts were used up, it starts anew', (t) => {
  const bench = started()
  fail(bench)
  fail(bench, 'pause')
  t.match(bench.get('a'), { status: 'paused', failedAttempts: 2 })
  operate(bench, 'resume')
  t.match(bench.get('a'), { failedAttempts: 0, retry: undefined })
  t.end()
})

t.test('a suspension ends the count, also one that is over at once', (t) => {
  const bench = started()
  fail(bench)
  bench.suspend('a', [1])
  t.match(bench.get('a'), { status: 'suspended', failedAttempts: 0, retry: undefined })

  const other = started()
  other.append('a', { kind: 'sleep', completionId: 1, wakeUpAt: other.now })
  fail(other)
  t.equal(other.get('a').failedAttempts, 1)
  const awaiting = { completions: [1], signals: [1], namedSignals: [], seenEntries: 0 }
  const turn = other.decide({ type: 'suspend', now: other.now, seq: other.seq('a'), awaiting })
  t.match(turn.effects, [{ type: 'start-attempt' }])
  t.match(other.get('a'), { status: 'invoked', failedAttempts: 0, retry: undefined, awaiting: undefined })
  t.end()
})
