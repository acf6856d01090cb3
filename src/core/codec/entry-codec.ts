import type { EntryType } from '../entry-type.ts'
import type { CommandEntry, JournalEntry, NotificationEntry } from '../journal.ts'
import type { BinaryReader } from './binary-reader.ts'
import type { BinaryWriter } from './binary-writer.ts'
import {
  readHeaders,
  readNotificationKey,
  readNotificationResult,
  writeHeaders,
  writeNotificationKey,
  writeNotificationResult,
} from './values.ts'

const INPUT = 0
const COMMAND = 1
const NOTIFICATION = 2

export function writeEntry(w: BinaryWriter, entry: JournalEntry): void {
  switch (entry.kind) {
    case 'input':
      w.u8(INPUT)
      w.time(entry.appendedAt)
      writeHeaders(w, entry.headers)
      w.bytes(entry.body)
      return
    case 'command':
      w.u8(COMMAND)
      w.time(entry.appendedAt)
      w.varint(entry.type)
      w.bytes(entry.payload)
      w.list(entry.completionIds, (id) => w.varint(id))
      return
    case 'notification':
      w.u8(NOTIFICATION)
      w.time(entry.appendedAt)
      w.varint(entry.type)
      writeNotificationKey(w, entry.key)
      writeNotificationResult(w, entry.result)
  }
}

export function readEntry(r: BinaryReader): JournalEntry {
  const kind = r.u8()
  const appendedAt = r.time()
  switch (kind) {
    case INPUT:
      return { kind: 'input', headers: readHeaders(r), body: r.bytes(), appendedAt }
    case COMMAND:
      return {
        kind: 'command',
        type: r.varint() as EntryType,
        payload: r.bytes(),
        completionIds: r.list(() => r.varint()),
        appendedAt,
      }
    case NOTIFICATION:
      return {
        kind: 'notification',
        type: r.varint() as EntryType,
        key: readNotificationKey(r),
        result: readNotificationResult(r),
        appendedAt,
      }
    default:
      throw new Error(`invariant: unknown entry kind ${kind}`)
  }
}

export function readCommandEntry(r: BinaryReader): CommandEntry {
  const entry = readEntry(r)
  if (entry.kind !== 'command') throw new Error('invariant: a command entry')
  return entry
}

export function readAppendedEntry(r: BinaryReader): CommandEntry | NotificationEntry {
  const entry = readEntry(r)
  if (entry.kind === 'input') throw new Error('invariant: input is entry 0')
  return entry
}
