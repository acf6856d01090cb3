import type { AttemptFailure, Invocation } from '../invocation.ts'
import type { Turn } from '../turn.ts'

/** Holds an invocation until an operator resumes or cancels it. `failure`: why, when attempts were used up. */
export function pauseNow(turn: Turn, invocation: Invocation, failure: AttemptFailure | undefined): void {
  const { seq, journal } = invocation
  turn.emit({ type: 'invocation-paused', seq, at: turn.now, afterEntries: journal.length, failure })
}
