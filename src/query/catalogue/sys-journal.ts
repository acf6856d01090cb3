import { bool, largeBinary, largeText, timestamp, u32, u64 } from '../sql-type.ts'
import { leftOut, type Secret } from './secret.ts'
import { type CatalogueTable, type Column, partitionKey } from './table.ts'

/**
 * A journal is kept in chunks; `x_entries` gives the numbers of a chunk's entries, and the others read one column of one of
 * them, so that a query pays for what it asks for.
 */
const entry = (field: string) => `x_entry_${field}(i.seq, j.first_index, e.value)`

const column = (name: string, type: Column['type'], field: string, secret?: Secret): Column => ({
  name,
  type,
  sql: entry(field),
  ...(secret !== undefined && { secret }),
})

export const sysJournal: CatalogueTable = {
  name: 'sys_journal',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_id(i.id)'),
    { name: 'id', type: largeText, sql: 'i.id', notNull: true, isInvocationId: true },
    { name: 'index', type: u32, sql: '(j.first_index + e.value)', notNull: true },
    column('entry_type', largeText, 'type'),
    column('name', largeText, 'name'),
    { name: 'completed', type: bool },
    { name: 'invoked_id', type: largeText },
    { name: 'invoked_target', type: largeText },
    { name: 'sleep_wakeup_at', type: timestamp },
    { name: 'promise_name', type: largeText },
    column('raw', largeBinary, 'raw', leftOut),
    column('raw_length', u64, 'raw_length'),
    { name: 'version', type: u32, sql: '2' },
    column('entry_json', largeText, 'json', leftOut),
    column('entry_lite_json', largeText, 'lite_json'),
    column('appended_at', timestamp, 'appended_at'),
  ],
  from: 'main.invocation i JOIN main.journal j ON j.seq = i.seq JOIN json_each(x_entries(j.seq, j.first_index)) e',
}
