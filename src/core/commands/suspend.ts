import { isAwaited, isCancellation, startAttempt } from '../lifecycle/notify.ts'
import { pauseNow } from '../lifecycle/pause-now.ts'
import type { Turn } from '../turn.ts'
import type { Suspend } from './command.ts'

/**
 * The handler waits. What it waits for may have arrived while it said so: then there is nothing to wait
 * for, and it goes on at once. Check and suspension are one step, so no wake-up is lost.
 */
export function suspend(turn: Turn, command: Suspend): void {
  const invocation = turn.state.get(command.seq)
  if (invocation?.status !== 'invoked') return
  const { journal, seq } = invocation
  if (invocation.pauseRequested) {
    pauseNow(turn, invocation, undefined)
    return
  }
  for (let index = journal.length - 1; index >= 0; index -= 1) {
    const entry = journal[index]
    if (entry?.kind !== 'notification' || !isAwaited(command.awaiting, entry.key)) continue
    // Handlers wait for cancellation all the time, also after one that they have caught.
    if (index < command.seenEntries && isCancellation(entry.key)) continue
    // A suspension ends a run of attempts, also one that is over at once.
    if (invocation.retry !== undefined) turn.emit({ type: 'invocation-resumed', seq, at: turn.now })
    startAttempt(turn, invocation)
    return
  }
  turn.emit({ type: 'invocation-suspended', seq, at: turn.now, awaiting: command.awaiting })
}
