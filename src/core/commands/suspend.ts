import type { Awaiting, JournalEntry } from '../journal.ts'
import { isResolved } from '../lifecycle/awaited-future.ts'
import { awaitedKeys, isCancellation } from '../lifecycle/notification-key.ts'
import { startAttempt } from '../lifecycle/notify.ts'
import { pauseNow } from '../lifecycle/pause-now.ts'
import type { Turn } from '../turn.ts'
import type { Suspend } from './command.ts'

/**
 * The handler waits. What it waits for may have arrived while it said so: then there is nothing to wait
 * for, and it goes on at once. Check and suspension are one step, so no wake-up is lost.
 */
export function suspend(turn: Turn, { seq, awaiting }: Suspend): void {
  const invocation = turn.state.get(seq)
  if (invocation?.status !== 'invoked') return
  if (invocation.pauseRequested) {
    pauseNow(turn, invocation, undefined)
    return
  }
  if (hasArrived(awaiting, invocation.journal)) {
    // A suspension ends a run of attempts, also one that is over at once.
    if (invocation.retry !== undefined || invocation.failedAttempts > 0) {
      turn.emit({ type: 'invocation-suspended', seq, at: turn.now, awaiting })
      turn.emit({ type: 'invocation-resumed', seq, at: turn.now })
    }
    startAttempt(turn, invocation)
    return
  }
  const isTree = awaiting.future !== undefined
  const afterEntries = invocation.journal.length
  turn.emit({ type: 'invocation-suspended', seq, at: turn.now, awaiting, ...(isTree && { afterEntries }) })
}

/** Newest first: what has just arrived is what is mostly waited for. */
function hasArrived(awaiting: Awaiting, journal: readonly JournalEntry[]): boolean {
  const { future, seenEntries } = awaiting
  const isAwaited = awaitedKeys(awaiting)
  for (let index = journal.length - 1; index >= 0; index -= 1) {
    const entry = journal[index]
    if (entry?.kind !== 'notification' || !isAwaited(entry.key)) continue
    if (isCancellation(entry.key)) {
      // Handlers wait for cancellation all the time, also after one that they have caught.
      if (index >= seenEntries) return true
    } else {
      return future === undefined || isResolved(future, journal, seenEntries)
    }
  }
  return false
}
