import type { EntryType } from '../entry-type.ts'
import type { Invocation, ResponseSink } from '../invocation.ts'
import type { Awaiting, NotificationEntry, NotificationKey, NotificationResult, Result } from '../journal.ts'
import type { Turn } from '../turn.ts'
import { pauseNow } from './pause-now.ts'

/** The signal by which an invocation is asked to stop (service protocol, BuiltInSignal). */
export const CANCEL_SIGNAL = 1

/**
 * Appends a notification. A running attempt gets it once it is durable; a suspended invocation that waits
 * for it goes on; a paused one keeps it for later. For one that has not started or has ended it means nothing.
 */
export function notify(
  turn: Turn,
  invocation: Invocation,
  type: EntryType,
  key: NotificationKey,
  result: NotificationResult,
): void {
  const { status, seq } = invocation
  if (status !== 'invoked' && status !== 'suspended' && status !== 'paused') return
  const entry: NotificationEntry = { kind: 'notification', type, key, result, appendedAt: turn.now }
  turn.emit({ type: 'entry-appended', seq, entry })
  if (status === 'invoked') {
    turn.effect({ type: 'notify', invocation, index: invocation.journal.length - 1 })
  } else if (status === 'suspended' && isAwaited(invocation.awaiting, key)) {
    turn.emit({ type: 'invocation-resumed', seq, at: turn.now })
    startAttempt(turn, invocation)
  }
}

/** Completes a command of the handler in the same step that stored it. */
export function answer(
  turn: Turn,
  invocation: Invocation,
  type: EntryType,
  completionId: number,
  result: NotificationResult,
): void {
  notify(turn, invocation, type, { kind: 'completion', id: completionId }, result)
}

export function notifySink(turn: Turn, sink: ResponseSink, result: Result): void {
  const caller = turn.state.find(sink.caller)
  if (caller !== undefined) answer(turn, caller, sink.notificationType, sink.completionId, result)
}

/** A further attempt, over the whole journal as it is now; or the pause that an operator asked for. */
export function startAttempt(turn: Turn, invocation: Invocation): void {
  if (invocation.pauseRequested) {
    pauseNow(turn, invocation, undefined)
    return
  }
  turn.effect({ type: 'start-attempt', invocation, journalLength: invocation.journal.length, first: false })
}

export function isCancellation(key: NotificationKey): boolean {
  return key.kind === 'signal' && key.index === CANCEL_SIGNAL
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

/** Whether the journal holds a notification with this key. Newest first: that is where it mostly is. */
export function hasNotification(invocation: Invocation, key: NotificationKey): boolean {
  const { journal } = invocation
  for (let index = journal.length - 1; index >= 0; index -= 1) {
    const entry = journal[index]
    if (entry?.kind === 'notification' && isSameKey(entry.key, key)) return true
  }
  return false
}

function isSameKey(a: NotificationKey, b: NotificationKey): boolean {
  switch (a.kind) {
    case 'completion':
      return b.kind === 'completion' && a.id === b.id
    case 'signal':
      return b.kind === 'signal' && a.index === b.index
    case 'named-signal':
      return b.kind === 'named-signal' && a.name === b.name
  }
}
