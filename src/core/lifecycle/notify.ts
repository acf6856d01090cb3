import type { EntryType } from '../entry-type.ts'
import type { Invocation, ResponseSink } from '../invocation.ts'
import type { Awaiting, NotificationEntry, NotificationKey, NotificationResult, Result } from '../journal.ts'
import type { Turn } from '../turn.ts'

/**
 * Appends a notification. A running attempt gets it once it is durable; a suspended invocation that waits
 * for it goes on; a paused one keeps it for later; for a finished one it is too late.
 */
export function notify(
  turn: Turn,
  invocation: Invocation,
  type: EntryType,
  key: NotificationKey,
  result: NotificationResult,
): void {
  if (invocation.status === 'completed') return
  const entry: NotificationEntry = { kind: 'notification', type, key, result, appendedAt: turn.now }
  turn.emit({ type: 'entry-appended', seq: invocation.seq, entry })
  if (invocation.status === 'invoked') {
    turn.effect({ type: 'notify', invocation, index: invocation.journal.length - 1 })
  } else if (invocation.status === 'suspended' && isAwaited(invocation.awaiting, key)) {
    turn.emit({ type: 'invocation-resumed', seq: invocation.seq, at: turn.now })
    startAttempt(turn, invocation)
  }
}

export function notifySink(turn: Turn, sink: ResponseSink, result: Result): void {
  const caller = turn.state.find(sink.caller)
  if (caller === undefined) return
  notify(turn, caller, sink.notificationType, { kind: 'completion', id: sink.completionId }, result)
}

/** A further attempt, over the whole journal as it is now. */
export function startAttempt(turn: Turn, invocation: Invocation): void {
  turn.effect({ type: 'start-attempt', invocation, journalLength: invocation.journal.length, first: false })
}

export function isAwaited(awaiting: Awaiting | undefined, key: NotificationKey): boolean {
  if (awaiting === undefined) return false
  switch (key.kind) {
    case 'completion':
      return awaiting.completions.includes(key.id)
    case 'signal':
      return awaiting.signals.includes(key.index)
    case 'named-signal':
      return awaiting.namedSignals.includes(key.name)
  }
}

/** Whether the journal holds a notification with this completion id. Newest first: that is where it mostly is. */
export function hasCompletion(invocation: Invocation, completionId: number): boolean {
  const { journal } = invocation
  for (let index = journal.length - 1; index >= 0; index -= 1) {
    const entry = journal[index]
    if (entry?.kind !== 'notification') continue
    if (entry.key.kind === 'completion' && entry.key.id === completionId) return true
  }
  return false
}
