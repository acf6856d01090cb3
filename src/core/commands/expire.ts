import { isExpired, isJournalExpired } from '../lifecycle/expiry.ts'
import type { Turn } from '../turn.ts'
import type { Expire } from './command.ts'

/** Removes what is past its retention. The list is a hint; each invocation is judged again. */
export function expire(turn: Turn, command: Expire): void {
  for (const seq of command.seqs) {
    const invocation = turn.state.get(seq)
    if (invocation === undefined) continue
    if (isExpired(invocation, turn.now)) turn.emit({ type: 'invocation-purged', seq })
    else if (isJournalExpired(invocation, turn.now)) turn.emit({ type: 'journal-dropped', seq })
  }
}
