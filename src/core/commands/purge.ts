import type { Invocation } from '../invocation.ts'
import type { Turn } from '../turn.ts'

/** Forgets a completed invocation before its time, or only its journal. */
export function purge(turn: Turn, invocation: Invocation, what: 'all' | 'journal'): void {
  if (invocation.status !== 'completed') {
    turn.outcome = 'not-completed'
    return
  }
  if (what === 'all') turn.emit({ type: 'invocation-purged', seq: invocation.seq })
  else if (invocation.journal.length > 0) turn.emit({ type: 'journal-dropped', seq: invocation.seq })
  turn.outcome = 'done'
}
