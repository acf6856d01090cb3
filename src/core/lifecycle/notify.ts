import type { EntryType } from '../entry-type.ts'
import type { Invocation, ResponseSink } from '../invocation.ts'
import type { JournalEntry, NotificationEntry, NotificationKey, NotificationResult, Result } from '../journal.ts'
import type { Turn } from '../turn.ts'
import { isResolved } from './awaited-future.ts'
import { isAwaited, isCancellation, isSameKey, keyText } from './notification-key.ts'
import { pauseNow } from './pause-now.ts'

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
  } else if (status === 'suspended' && isEnough(invocation, key)) {
    turn.emit({ type: 'invocation-resumed', seq, at: turn.now })
    startAttempt(turn, invocation)
  }
}

/** Whether a suspended invocation goes on with this notification, which is the last one of its journal. */
function isEnough({ awaiting, journal }: Invocation, key: NotificationKey): boolean {
  if (!isAwaited(awaiting, key)) return false
  if (awaiting?.future === undefined || isCancellation(key)) return true
  return isResolved(awaiting.future, journal, awaiting.seenEntries)
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

/** Journals of this length or less are looked through; longer ones get an index. */
const MAX_SCANNED_ENTRIES = 64

/** Which keys the first `upTo` entries of a journal have notified. Follows from the journal, so it is no state. */
interface NotifiedKeys {
  upTo: number
  readonly keys: Set<string>
}

const notifiedKeys = new WeakMap<JournalEntry[], NotifiedKeys>()

/** Whether the journal holds a notification with this key. */
export function hasNotification({ journal }: Invocation, key: NotificationKey): boolean {
  if (journal.length <= MAX_SCANNED_ENTRIES) {
    return journal.some((entry) => entry.kind === 'notification' && isSameKey(entry.key, key))
  }
  let known = notifiedKeys.get(journal)
  if (known === undefined) {
    known = { upTo: 0, keys: new Set() }
    notifiedKeys.set(journal, known)
  }
  for (; known.upTo < journal.length; known.upTo += 1) {
    const entry = journal[known.upTo]
    if (entry?.kind === 'notification') known.keys.add(keyText(entry.key))
  }
  return known.keys.has(keyText(key))
}
