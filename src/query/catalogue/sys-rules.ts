import { bool, largeText, timestamp, u32 } from '../sql-type.ts'
import type { CatalogueTable } from './table.ts'

/** Limiter rules; this server has no limiter. */
export const sysRules: CatalogueTable = {
  name: 'sys_rules',
  kind: 'BASE TABLE',
  columns: [
    { name: 'pattern', type: largeText },
    { name: 'concurrency', type: u32 },
    { name: 'description', type: largeText },
    { name: 'disabled', type: bool },
    { name: 'version', type: u32 },
    { name: 'last_modified', type: timestamp },
  ],
}
