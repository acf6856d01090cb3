import type { Invocation } from '../core/invocation.ts'
import type { JournalEntry } from '../core/journal.ts'
import type { Frame } from '../protocol/frame.ts'
import { parseInvocationId } from '../protocol/ids/invocation-id.ts'
import { randomSeedOf } from '../protocol/ids/random-seed.ts'
import { MessageType } from '../protocol/message-type.ts'
import { encodeInput } from '../protocol/messages/input.ts'
import { encodeNotification } from '../protocol/messages/notification.ts'
import { encodeStart } from '../protocol/messages/start.ts'

/** The message that opens an attempt which replays the first `journalLength` entries. `now` is ms since epoch. */
export function startFrame(invocation: Invocation, journalLength: number, now: number): Frame {
  const id = parseInvocationId(invocation.id)
  const last = invocation.journal[journalLength - 1]
  return {
    type: MessageType.Start,
    payload: encodeStart({
      id,
      debugId: invocation.id,
      knownEntries: journalLength,
      // Eager state is for services that have state; what is not in the map is asked for.
      stateMap: [],
      partialState: true,
      key: invocation.target.key ?? '',
      retryCountSinceLastStoredEntry: invocation.retry?.failuresSinceLastEntry ?? 0,
      durationSinceLastStoredEntryMs: last === undefined ? 0 : Math.max(0, now - last.appendedAt),
      randomSeed: randomSeedOf(id),
    }),
  }
}

/** An entry as the service gets it: commands byte for byte as it once sent them. */
export function entryFrame(entry: JournalEntry): Frame {
  switch (entry.kind) {
    case 'input':
      return {
        type: MessageType.Input,
        payload: encodeInput({ headers: entry.headers, value: entry.body, name: '' }),
      }
    case 'command':
      return entry
    case 'notification':
      return { type: entry.type, payload: encodeNotification(entry) }
  }
}

/** Commands among the first `journalLength` entries, the input included. */
export function commandsIn(journal: readonly JournalEntry[], journalLength: number): number {
  let count = 0
  for (let index = 0; index < journalLength; index++) if (journal[index]?.kind !== 'notification') count++
  return count
}
