import type { SQLInputValue } from 'node:sqlite'
import type { JournalEntry } from '../../core/journal.ts'
import { type CalleeLookup, entryJson } from '../journal/entry-json.ts'
import { entryLiteJson } from '../journal/entry-lite-json.ts'
import { entryName } from '../journal/entry-name.ts'
import { entryRaw } from '../journal/entry-raw.ts'
import { entryTypeName } from '../journal/entry-type-name.ts'
import type { JournalCache } from '../journal/journal-cache.ts'
import { numberOf, type SqlFunction } from './register.ts'

/**
 * Functions that read journals: `x_entries` for the numbers of a chunk's entries, and one for each column of an entry. None of them takes a text:
 * what SQLite hands to a function stays in memory until the statement gives its next row.
 */
export function journalFunctions(cache: JournalCache, callees: CalleeLookup): Readonly<Record<string, SqlFunction>> {
  type Read = (entry: JournalEntry, chunk: readonly JournalEntry[]) => SQLInputValue
  const column =
    (read: Read): SqlFunction =>
    (seq, firstIndex, index) => {
      const chunk = cache.chunk(numberOf(seq) ?? 0, numberOf(firstIndex) ?? 0)
      const entry = chunk[numberOf(index) ?? 0]
      return entry === undefined ? null : read(entry, chunk)
    }
  return {
    x_entries: (seq, firstIndex) => {
      const entries = cache.chunk(numberOf(seq) ?? 0, numberOf(firstIndex) ?? 0)
      return `[${entries.map((_, index) => index).join(',')}]`
    },
    x_entry_type: column(entryTypeName),
    x_entry_name: column(entryName),
    x_entry_appended_at: column(({ appendedAt }) => appendedAt),
    x_entry_raw: column(entryRaw),
    x_entry_raw_length: column((entry) => entryRaw(entry).length),
    x_entry_json: column((entry, chunk) => entryJson(entry, chunk, callees)),
    x_entry_lite_json: column((entry, chunk) => entryLiteJson(entry, chunk, callees)),
  }
}
