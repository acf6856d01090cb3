import type { Invocation } from '../invocation.ts'
import { pauseNow } from '../lifecycle/pause-now.ts'
import type { Turn } from '../turn.ts'

/**
 * Holds an invocation until it is resumed. A running attempt is asked to end and may still complete; what
 * waits, for a result or for its next attempt, is held at once. Durable, other than in Restate.
 */
export function pause(turn: Turn, invocation: Invocation): void {
  const { seq, status, retry } = invocation
  switch (status) {
    case 'scheduled':
    case 'inboxed':
    case 'completed':
      turn.outcome = 'not-running'
      return
    case 'paused':
      turn.outcome = 'done'
      return
    case 'suspended':
      pauseNow(turn, invocation, undefined)
      break
    case 'invoked':
      if (retry !== undefined && retry.nextAttemptAt > turn.now) {
        pauseNow(turn, invocation, undefined)
      } else {
        if (!invocation.pauseRequested) turn.emit({ type: 'pause-requested', seq })
        turn.effect({ type: 'interrupt', invocation })
      }
  }
  turn.outcome = 'requested'
}
