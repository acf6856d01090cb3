import { bool, largeBinary, largeText } from '../sql-type.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

export const sysPromise: CatalogueTable = {
  name: 'sys_promise',
  kind: 'BASE TABLE',
  columns: [
    partitionKey('x_partition_key_of_text(p.key)'),
    { name: 'scope', type: largeText },
    { name: 'service_name', type: largeText, sql: 'p.service', notNull: true },
    { name: 'service_key', type: largeText, sql: 'p.key', notNull: true },
    { name: 'key', type: largeText, sql: 'p.name', notNull: true },
    // The encoding of a promise begins with 0 while it is open.
    { name: 'completed', type: bool, sql: `(substr(p.promise, 1, 1) <> x'00')`, notNull: true },
    { name: 'completion_success_value', type: largeBinary, sql: `x_promise(p.promise, 'value')` },
    { name: 'completion_success_value_utf8', type: largeText, sql: `x_utf8(x_promise(p.promise, 'value'))` },
    { name: 'completion_failure', type: largeText, sql: `x_promise(p.promise, 'failure')` },
  ],
  from: 'main.promise p',
}
