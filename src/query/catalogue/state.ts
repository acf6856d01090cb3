import { largeBinary, largeText, u64 } from '../sql-type.ts'
import { maskedBytes, maskedText } from './secret.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

export const state: CatalogueTable = {
  name: 'state',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_text(s.key)'),
    { name: 'scope', type: largeText },
    { name: 'service_name', type: largeText, sql: 's.service', notNull: true },
    { name: 'service_key', type: largeText, sql: 's.key', notNull: true },
    { name: 'key', type: largeText, sql: 'CAST(s.name AS TEXT)', notNull: true },
    { name: 'key_length', type: u64, sql: 'octet_length(s.name)', notNull: true },
    { name: 'value_utf8', type: largeText, sql: 'x_utf8(s.value)', secret: maskedText },
    { name: 'value', type: largeBinary, sql: 's.value', notNull: true, secret: maskedBytes },
    { name: 'value_length', type: u64, sql: 'octet_length(s.value)', notNull: true },
  ],
  from: 'temp.unsealed_state s',
}
