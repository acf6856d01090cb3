import type { Invocation } from '../invocation.ts'
import { startAttempt } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import type { Resume } from './command.ts'

/** Starts the next attempt now; what was paused has all its attempts again. Only what does not run can move to another deployment. */
export function resume(turn: Turn, invocation: Invocation, { deployment }: Resume): void {
  const { seq, status, retry, pinned } = invocation
  switch (status) {
    case 'completed':
      turn.outcome = 'already-completed'
      return
    case 'scheduled':
    case 'inboxed':
      turn.outcome = 'not-started'
      return
    case 'invoked': {
      if (deployment !== 'keep') {
        turn.outcome = 'still-running'
        return
      }
      turn.outcome = 'done'
      const isBackingOff = retry !== undefined && retry.nextAttemptAt > turn.now
      if (!isBackingOff) return
      break
    }
    default:
      if (typeof deployment === 'object' && pinned === undefined) {
        turn.outcome = 'not-pinned'
        return
      }
  }
  if (deployment !== 'keep' && pinned !== undefined) {
    turn.emit({ type: 'deployment-pinned', seq, pinned: deployment === 'unpin' ? undefined : deployment })
  }
  turn.emit({ type: 'invocation-resumed', seq, at: turn.now })
  startAttempt(turn, invocation)
  turn.outcome = 'done'
}
