import { largeText } from '../sql-type.ts'
import { openInvocations } from './invocation-columns.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** Who holds which key. That follows from the invocations: an exclusive one that has begun and not ended. */
export const sysKeyedServiceStatus: CatalogueTable = {
  name: 'sys_keyed_service_status',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_id(i.id)'),
    { name: 'service_name', type: largeText, sql: 'i.service', notNull: true },
    { name: 'service_key', type: largeText, sql: 'i.key' },
    { name: 'invocation_id', type: largeText, sql: 'i.id', notNull: true },
  ],
  from: `${openInvocations.table} WHERE ${openInvocations.condition}
    AND i.status IN ('invoked', 'suspended', 'paused') AND i.handler_type = 'Exclusive'`,
}
