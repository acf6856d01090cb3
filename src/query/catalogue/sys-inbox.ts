import { largeText, timestamp, u64 } from '../sql-type.ts'
import { live, openInvocations } from './invocation-columns.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** Invocations that wait for their key. */
export const sysInbox: CatalogueTable = {
  name: 'sys_inbox',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_id(i.id)'),
    { name: 'service_name', type: largeText, sql: 'i.service', notNull: true },
    { name: 'service_key', type: largeText, sql: 'i.key' },
    { name: 'id', type: largeText, sql: 'i.id', notNull: true, isInvocationId: true },
    { name: 'sequence_number', type: u64, sql: live('queue_order') },
    { name: 'created_at', type: timestamp },
  ],
  from: `${openInvocations.table} WHERE ${openInvocations.condition} AND i.status = 'inboxed'`,
}
