import type { Invocation } from '../invocation.ts'
import type { FailureResult } from '../journal.ts'
import type { Turn } from '../turn.ts'
import { notifySink } from './notify.ts'

/** Ends an invocation: with a failure of the engine, or with its last Output. Callers are told in the same turn. */
export function complete(turn: Turn, invocation: Invocation, failure: FailureResult | undefined): void {
  const { sinks, seq } = invocation
  turn.emit({ type: 'invocation-completed', seq, at: turn.now, failure })
  const { result } = invocation
  if (result === undefined) throw new Error('invariant: an invocation ends with a result')
  for (const sink of sinks) notifySink(turn, sink, result)
  turn.effect({ type: 'answer-waiting', invocation })
  if (invocation.completionRetentionMs === 0) turn.emit({ type: 'invocation-purged', seq })
  else if (invocation.journalRetentionMs === 0) turn.emit({ type: 'journal-dropped', seq })
}
