import { bool, largeText, u64 } from '../sql-type.ts'
import type { CatalogueTable } from './table.ts'

/** The latest revision of each service. */
export const sysService: CatalogueTable = {
  name: 'sys_service',
  kind: 'BASE TABLE',
  columns: [
    { name: 'name', type: largeText, sql: 's.name', notNull: true },
    { name: 'revision', type: u64, sql: 's.revision', notNull: true },
    { name: 'public', type: bool, sql: 's.public', notNull: true },
    {
      name: 'ty',
      type: largeText,
      sql: `CASE s.type WHEN 'Service' THEN 'service' WHEN 'VirtualObject' THEN 'virtual_object' ELSE 'workflow' END`,
      notNull: true,
    },
    { name: 'deployment_id', type: largeText, sql: 's.deployment_id', notNull: true },
  ],
  from: `(
    SELECT v.value ->> '$.name' AS name, v.value ->> '$.revision' AS revision, v.value ->> '$.public' AS public,
      v.value ->> '$.type' AS type, d.id AS deployment_id,
      row_number() OVER (PARTITION BY v.value ->> '$.name' ORDER BY v.value ->> '$.revision' DESC) AS place
    FROM temp.unsealed_deployment d JOIN json_each(d.record, '$.services') v
  ) s WHERE s.place = 1`,
}
