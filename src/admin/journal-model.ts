import type { JournalEntry, NotificationKey } from '../core/journal.ts'
import { messageTypeName } from '../protocol/message-type.ts'
import { commandView } from './command-view.ts'
import { contentView } from './content-view.ts'
import { headersView, resultView } from './result-view.ts'

/** One entry of a journal for people. `entry_type` is the peer's word for it: `Command: Run`, `Notification: Run`. */
export function journalEntryModel(entry: JournalEntry, index: number) {
  return {
    index,
    entry_type: entryTypeName(entry),
    appended_at: new Date(entry.appendedAt).toISOString(),
    ...details(entry),
  }
}

function entryTypeName(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'input':
      return 'Command: Input'
    case 'command':
      return `Command: ${messageTypeName(entry.type)}`
    case 'notification':
      return `Notification: ${messageTypeName(entry.type).replace(/Completion$/, '')}`
  }
}

function details(entry: JournalEntry): Record<string, unknown> {
  switch (entry.kind) {
    case 'input':
      return { headers: headersView(entry.headers), body: contentView(entry.body) }
    case 'command':
      return commandView(entry.type, entry.payload)
    case 'notification':
      return { ...keyView(entry.key), result: resultView(entry.result) }
  }
}

function keyView(key: NotificationKey): Record<string, unknown> {
  switch (key.kind) {
    case 'completion':
      return { completion_id: key.id }
    case 'signal':
      return { signal_index: key.index }
    case 'named-signal':
      return { signal_name: key.name }
  }
}
