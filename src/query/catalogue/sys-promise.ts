import { bool, largeBinary, largeText } from '../sql-type.ts'
import { maskedBytes, maskedFailure, maskedText, maskedWhereThere } from './secret.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

const value = `x_promise(p.promise, 'value')`
const failure = `x_promise(p.promise, 'failure')`

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
    {
      name: 'completion_success_value',
      type: largeBinary,
      sql: value,
      secret: maskedWhereThere(value, maskedBytes),
    },
    {
      name: 'completion_success_value_utf8',
      type: largeText,
      sql: `x_utf8(${value})`,
      secret: maskedWhereThere(value, maskedText),
    },
    { name: 'completion_failure', type: largeText, sql: failure, secret: maskedFailure(failure) },
  ],
  from: 'temp.unsealed_promise p',
}
