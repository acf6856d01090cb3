import type { Invocation } from '../invocation.ts'
import type { FailureResult, Result } from '../journal.ts'
import type { Turn } from '../turn.ts'
import { releaseKey } from './begin.ts'
import { notifySink } from './notify.ts'

/** Ends an invocation: with a failure of the engine, or with its last Output. Callers are told in the same turn. */
export function complete(turn: Turn, invocation: Invocation, failure: FailureResult | undefined): void {
  const { sinks, seq } = invocation
  turn.emit({ type: 'invocation-completed', seq, at: turn.now, failure })
  const { result } = invocation
  if (result === undefined) throw new Error('invariant: an invocation ends with a result')
  answerAll(turn, invocation, sinks, result)
  releaseKey(turn, invocation)
  if (invocation.completionRetentionMs === 0) turn.emit({ type: 'invocation-purged', seq })
  else if (invocation.journalRetentionMs === 0) turn.emit({ type: 'journal-dropped', seq })
}

/** Ends what is scheduled or queued: callers get 409, and nothing is kept, so that its key or id is free again. */
export function endBeforeStart(turn: Turn, invocation: Invocation, message: 'canceled' | 'killed'): void {
  const { sinks, seq } = invocation
  turn.emit({ type: 'invocation-purged', seq })
  answerAll(turn, invocation, sinks, { kind: 'failure', failure: { code: 409, message } })
}

function answerAll(turn: Turn, invocation: Invocation, sinks: Invocation['sinks'], result: Result): void {
  for (const sink of sinks) notifySink(turn, sink, result)
  turn.effect({ type: 'answer-waiting', invocation, result })
}
