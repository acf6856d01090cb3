import { duration, largeText, timestamp, u64 } from '../sql-type.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** What the scheduler of vqueues does; this server has no vqueues. */
export const sysScheduler: CatalogueTable = {
  name: 'sys_scheduler',
  kind: 'BASE TABLE',
  columns: [
    partitionKey(),
    { name: 'id', type: largeText },
    { name: 'num_inbox', type: u64 },
    { name: 'status', type: largeText },
    { name: 'head_entry_id', type: largeText },
    { name: 'scheduled_at', type: timestamp },
    { name: 'blocked_on', type: largeText },
    { name: 'blocked_on_json', type: largeText },
    { name: 'invoker_concurrency_block_duration', type: duration },
    { name: 'throttling_rules_block_duration', type: duration },
    { name: 'invoker_throttling_block_duration', type: duration },
    { name: 'invoker_memory_block_duration', type: duration },
    { name: 'concurrency_rules_block_duration', type: duration },
    { name: 'lock_block_duration', type: duration },
    { name: 'deployment_concurrency_block_duration', type: duration },
  ],
}
