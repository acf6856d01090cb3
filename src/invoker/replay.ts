import type { Invocation } from '../core/invocation.ts'
import type { JournalEntry, NotificationEntry } from '../core/journal.ts'
import type { Frame } from '../protocol/frame.ts'
import { parseInvocationId } from '../protocol/ids/invocation-id.ts'
import { randomSeedOf } from '../protocol/ids/random-seed.ts'
import { MessageType } from '../protocol/message-type.ts'
import { encodeInput } from '../protocol/messages/input.ts'
import { encodeNotification } from '../protocol/messages/notification.ts'
import { encodeStart } from '../protocol/messages/start.ts'
import type { EagerState } from './eager-state.ts'

/** Failures have had metadata since this version. */
const metadataVersion = 6

/** The message that opens an attempt which replays the first `journalLength` entries. `now` is ms since epoch. */
export function startFrame(invocation: Invocation, journalLength: number, state: EagerState, now: number): Frame {
  const id = parseInvocationId(invocation.id)
  const last = invocation.journal[journalLength - 1]
  return {
    type: MessageType.Start,
    payload: encodeStart({
      id,
      debugId: invocation.id,
      knownEntries: journalLength,
      stateMap: state.entries,
      partialState: state.isPartial,
      key: invocation.target.key ?? '',
      retryCountSinceLastStoredEntry: invocation.retry?.failuresSinceLastEntry ?? 0,
      durationSinceLastStoredEntryMs: last === undefined ? 0 : Math.max(0, now - last.appendedAt),
      randomSeed: randomSeedOf(invocation.seedOf === invocation.id ? id : parseInvocationId(invocation.seedOf)),
    }),
  }
}

/** An entry as the service gets it: commands byte for byte as it once sent them. */
export function entryFrame(entry: JournalEntry, protocolVersion: number): Frame {
  switch (entry.kind) {
    case 'input':
      return {
        type: MessageType.Input,
        payload: encodeInput({ headers: entry.headers, value: entry.body, name: '' }),
      }
    case 'command':
      return entry
    case 'notification':
      return { type: entry.type, payload: encodeNotification(forVersion(entry, protocolVersion)) }
  }
}

function forVersion(entry: NotificationEntry, protocolVersion: number): NotificationEntry {
  const { result } = entry
  if (protocolVersion >= metadataVersion || result.kind !== 'failure') return entry
  const { code, message } = result.failure
  return { ...entry, result: { kind: 'failure', failure: { code, message } } }
}
