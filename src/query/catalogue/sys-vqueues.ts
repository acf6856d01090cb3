import { bool, largeText, timestamp, u32, u64 } from '../sql-type.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** Entries of vqueues; this server has no vqueues. */
export const sysVqueues: CatalogueTable = {
  name: 'sys_vqueues',
  kind: 'BASE TABLE',
  columns: [
    partitionKey(),
    { name: 'id', type: largeText },
    { name: 'stage', type: largeText },
    { name: 'status', type: largeText },
    { name: 'has_lock', type: bool },
    { name: 'run_at', type: timestamp },
    { name: 'sequence_number', type: u64 },
    { name: 'entry_id', type: largeText },
    { name: 'entry_kind', type: largeText },
    { name: 'created_at', type: timestamp },
    { name: 'transitioned_at', type: timestamp },
    { name: 'num_attempts', type: u32 },
    { name: 'num_errors', type: u32 },
    { name: 'num_pauses', type: u32 },
    { name: 'num_suspensions', type: u32 },
    { name: 'num_yields', type: u32 },
    { name: 'first_attempt_at', type: timestamp },
    { name: 'latest_attempt_at', type: timestamp },
    { name: 'first_runnable_at', type: timestamp },
    { name: 'deployment', type: largeText },
  ],
}
