import { largeText, timestamp, u32 } from '../sql-type.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

const json = `e.value ->> 'json'`

/**
 * Codes and what command it was stay; texts and stacks go. What is waited for has neither, and may have more levels than SQLite's
 * functions for JSON take.
 */
const maskedJson = `CASE e.value ->> 'type' WHEN 'Suspended' THEN ${json} ELSE json_replace(
  json_remove(${json}, '$.error_stacktrace', '$.last_failure.error_stacktrace'),
  '$.error_message', '***', '$.last_failure.error_message', '***'
) END`

export const sysJournalEvents: CatalogueTable = {
  name: 'sys_journal_events',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_id(i.id)'),
    { name: 'id', type: largeText, sql: 'i.id', notNull: true, isInvocationId: true },
    { name: 'after_journal_entry_index', type: u32, sql: `e.value ->> 'after'`, notNull: true },
    { name: 'appended_at', type: timestamp, sql: `e.value ->> 'at'`, notNull: true },
    { name: 'event_type', type: largeText, sql: `e.value ->> 'type'`, notNull: true },
    { name: 'event_json', type: largeText, sql: json, notNull: true, secret: { kind: 'content', masked: maskedJson } },
  ],
  from: 'main.invocation i JOIN json_each(x_events(i.seq)) e WHERE i.events IS NOT NULL',
}
