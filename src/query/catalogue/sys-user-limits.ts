import { largeText, u32, u64 } from '../sql-type.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** Counters of limiter rules; this server has no limiter. */
export const sysUserLimits: CatalogueTable = {
  name: 'sys_user_limits',
  kind: 'BASE TABLE',
  columns: [
    partitionKey(),
    { name: 'scope', type: largeText },
    { name: 'l1', type: largeText },
    { name: 'l2', type: largeText },
    { name: 'level', type: largeText },
    { name: 'usage', type: u32 },
    { name: 'concurrency_limit', type: u32 },
    { name: 'rule_pattern', type: largeText },
    { name: 'available', type: u32 },
    { name: 'num_waiters', type: u64 },
  ],
}
