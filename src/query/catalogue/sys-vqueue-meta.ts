import { bool, duration, largeText, timestamp, u64 } from '../sql-type.ts'
import { type CatalogueTable, partitionKey } from './table.ts'

/** Vqueues; this server has none. */
export const sysVqueueMeta: CatalogueTable = {
  name: 'sys_vqueue_meta',
  kind: 'BASE TABLE',
  columns: [
    partitionKey(),
    { name: 'id', type: largeText },
    { name: 'is_active', type: bool },
    { name: 'queue_is_paused', type: bool },
    { name: 'service_name', type: largeText },
    { name: 'scope', type: largeText },
    { name: 'limit_key', type: largeText },
    { name: 'lock_name', type: largeText },
    { name: 'created_at', type: timestamp },
    { name: 'last_enqueued_at', type: timestamp },
    { name: 'last_start_at', type: timestamp },
    { name: 'last_attempt_at', type: timestamp },
    { name: 'last_finish_at', type: timestamp },
    { name: 'avg_queue_duration', type: duration },
    { name: 'avg_inbox_duration', type: duration },
    { name: 'avg_run_duration', type: duration },
    { name: 'avg_suspension_duration', type: duration },
    { name: 'avg_end_to_end_duration', type: duration },
    { name: 'avg_blocked_on_concurrency_rules', type: duration },
    { name: 'avg_blocked_on_invoker_concurrency', type: duration },
    { name: 'avg_blocked_on_invoker_throttling', type: duration },
    { name: 'avg_blocked_on_lock', type: duration },
    { name: 'num_inbox', type: u64 },
    { name: 'num_running', type: u64 },
    { name: 'num_suspended', type: u64 },
    { name: 'num_paused', type: u64 },
    { name: 'num_finished', type: u64 },
  ],
}
