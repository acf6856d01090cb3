import type { JournalEntry } from '../../core/journal.ts'
import { encodeInput } from '../../protocol/messages/input.ts'
import { encodeNotification } from '../../protocol/messages/notification.ts'

/** The entry as a message of the service protocol, without frame header. */
export function entryRaw(entry: JournalEntry): Uint8Array {
  switch (entry.kind) {
    case 'input':
      return encodeInput({ headers: entry.headers, value: entry.body, name: '' })
    case 'command':
      return entry.payload
    case 'notification':
      return encodeNotification(entry)
  }
}
