import type { JournalEntry } from '../../core/journal.ts'
import { messageTypeName } from '../../protocol/message-type.ts'

/** `Command: Run`, `Notification: Run`. */
export function entryTypeName(entry: JournalEntry): string {
  return entry.kind === 'notification' ? `Notification: ${entryTypeWord(entry)}` : `Command: ${entryTypeWord(entry)}`
}

/** The word alone: notifications have that of their command. */
export function entryTypeWord(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'input':
      return 'Input'
    case 'command':
      return messageTypeName(entry.type)
    case 'notification':
      return messageTypeName(entry.type).replace(/Completion$/, '')
  }
}
