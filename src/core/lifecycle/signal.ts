import type { OperationOutcome, Signal } from '../commands/command.ts'
import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import type { Turn } from '../turn.ts'
import { endBeforeStart } from './complete.ts'
import { CANCEL_SIGNAL, isCancellation } from './notification-key.ts'
import { hasNotification, notify, startAttempt } from './notify.ts'

/** Delivers a signal. Of several with the same name or number the first counts, but each cancellation does. */
export function deliver(turn: Turn, { target, key, result }: Signal): void {
  const invocation = turn.state.find(target)
  if (invocation === undefined) return
  if (isCancellation(key)) {
    cancelInvocation(turn, invocation)
    return
  }
  if (hasNotification(invocation, key)) return
  notify(turn, invocation, EntryType.Signal, key, result)
}

/** What has not started is removed; any other handler learns of it when it waits the next time. */
export function cancelInvocation(turn: Turn, invocation: Invocation): OperationOutcome {
  switch (invocation.status) {
    case 'completed':
      return 'already-completed'
    case 'scheduled':
    case 'inboxed':
      endBeforeStart(turn, invocation, 'canceled')
      return 'done'
    case 'invoked':
    case 'suspended':
    case 'paused': {
      const wasPaused = invocation.status === 'paused'
      notify(turn, invocation, EntryType.Signal, { kind: 'signal', index: CANCEL_SIGNAL }, { kind: 'void' })
      if (wasPaused) {
        turn.emit({ type: 'invocation-resumed', seq: invocation.seq, at: turn.now })
        startAttempt(turn, invocation)
      }
      return 'requested'
    }
  }
}
