import { largeText, timestamp } from '../sql-type.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** Locks of vqueues; this server has no vqueues. */
export const sysLocks: CatalogueTable = {
  name: 'sys_locks',
  kind: 'BASE TABLE',
  columns: [
    partitionKey(),
    { name: 'scope', type: largeText },
    { name: 'lock_name', type: largeText },
    { name: 'acquired_at', type: timestamp },
    { name: 'acquired_by', type: largeText },
  ],
}
