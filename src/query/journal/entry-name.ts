import type { JournalEntry } from '../../core/journal.ts'
import { decodeCommand } from './decode-command.ts'

/** The name that the handler's code gave to a command, empty if it gave none; notifications have none at all. */
export function entryName(entry: JournalEntry): string | null {
  switch (entry.kind) {
    case 'input':
      return ''
    case 'command':
      return decodeCommand(entry)?.message.name ?? ''
    case 'notification':
      return null
  }
}
