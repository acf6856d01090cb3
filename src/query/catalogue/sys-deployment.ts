import { largeText, textList, timestamp, u32 } from '../sql-type.ts'
import { maskedAddress } from './secret.ts'
import type { CatalogueTable } from './table.ts'

const address = `(d.record ->> '$.uri')`

/** Of the record only what is shown is read: it holds the headers, which are secrets. */
export const sysDeployment: CatalogueTable = {
  name: 'sys_deployment',
  kind: 'BASE TABLE',
  columns: [
    { name: 'id', type: largeText, sql: 'd.id', notNull: true },
    { name: 'ty', type: largeText, sql: `'http'`, notNull: true },
    { name: 'endpoint', type: largeText, sql: address, notNull: true, secret: maskedAddress(address) },
    { name: 'created_at', type: timestamp, sql: `d.record ->> '$.createdAt'`, notNull: true },
    { name: 'min_service_protocol_version', type: u32, sql: `d.record ->> '$.minProtocolVersion'`, notNull: true },
    { name: 'max_service_protocol_version', type: u32, sql: `d.record ->> '$.maxProtocolVersion'`, notNull: true },
    {
      name: 'services',
      type: textList,
      sql: `(SELECT json_group_array(s.value ->> '$.name') FROM json_each(d.record, '$.services') s)`,
      notNull: true,
    },
  ],
  from: 'temp.unsealed_deployment d',
}
