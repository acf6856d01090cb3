import { duration, largeText, timestamp, u32, u32List, u64 } from '../sql-type.ts'
import { maskedFailure } from './secret.ts'
import { rawStatus } from './status-words.ts'
import type { Column } from './table.ts'

/** What both invocation tables show of a row of `invocation` (i), in their order; without `partition_key` and `status`. */
export const id: Column = { name: 'id', type: largeText, sql: 'i.id', notNull: true, isInvocationId: true }

export const status: Column = {
  name: 'status',
  type: largeText,
  sql: 'i.status',
  notNull: true,
  stored: { kind: 'status', column: '#status', words: rawStatus },
}

const completionFailure = `CASE WHEN i.status = 'completed' AND substr(i.result, 1, 1) = x'02' THEN x_failure(i.seq) END`

export const completion: readonly Column[] = [
  // The encoding of a result begins with 1 for a value and 2 for a failure.
  {
    name: 'completion_result',
    type: largeText,
    sql: `CASE WHEN i.status = 'completed' THEN CASE WHEN substr(i.result, 1, 1) = x'02' THEN 'failure' WHEN i.result IS NOT NULL THEN 'success' END END`,
    // Just what the index of failed invocations is on.
    stored: {
      kind: 'failure',
      condition: (alias) => `(${alias}."#status" = 'completed' AND substr(${alias}."#result", 1, 1) = x'02')`,
    },
  },
  {
    name: 'completion_failure',
    type: largeText,
    sql: completionFailure,
    secret: maskedFailure(completionFailure),
  },
]

export const targetColumns: readonly Column[] = [
  {
    name: 'target',
    type: largeText,
    sql: `i.service || '/' || coalesce(i.key || '/', '') || i.handler`,
    notNull: true,
    stored: { kind: 'target', column: '#service' },
  },
  { name: 'target_service_name', type: largeText, sql: 'i.service', notNull: true },
  { name: 'target_service_key', type: largeText, sql: 'i.key' },
  { name: 'target_handler_name', type: largeText, sql: 'i.handler', notNull: true },
  {
    name: 'target_service_ty',
    type: largeText,
    sql: `CASE i.service_type WHEN 'Service' THEN 'service' WHEN 'VirtualObject' THEN 'virtual_object' ELSE 'workflow' END`,
    notNull: true,
  },
  { name: 'scope', type: largeText },
  { name: 'limit_key', type: largeText },
  { name: 'idempotency_key', type: largeText, sql: 'i.idempotency_key' },
]

export const invokedBy: Column = {
  name: 'invoked_by',
  type: largeText,
  sql: `replace(i.source, '-', '_')`,
  notNull: true,
}
const whenCalled = (sql: string) => `CASE WHEN i.source = 'service' THEN ${sql} END`
export const invokedByServiceName: Column = {
  name: 'invoked_by_service_name',
  type: largeText,
  sql: whenCalled(`substr(i.source_target, 1, instr(i.source_target, '/') - 1)`),
}
export const invokedById: Column = { name: 'invoked_by_id', type: largeText, sql: whenCalled('i.source_id') }
export const invokedBySubscriptionId: Column = { name: 'invoked_by_subscription_id', type: largeText }
export const invokedByTarget: Column = {
  name: 'invoked_by_target',
  type: largeText,
  sql: whenCalled('i.source_target'),
}

/** What waits for its time or its turn has no journal yet, as the peer sees it. */
function begun(sql: string): string {
  return `CASE WHEN i.status NOT IN ('scheduled', 'inboxed') THEN ${sql} END`
}

export const progressColumns: readonly Column[] = [
  {
    name: 'restarted_from',
    type: largeText,
    sql: `CASE WHEN i.source = 'restart-as-new' THEN i.source_id END`,
  },
  { name: 'pinned_deployment_id', type: largeText, sql: 'i.pinned_deployment' },
  { name: 'pinned_service_protocol_version', type: u32, sql: 'i.pinned_version' },
  { name: 'trace_id', type: largeText },
  { name: 'journal_size', type: u32, sql: begun('i.entry_count') },
  { name: 'journal_commands_size', type: u32, sql: begun('i.command_count') },
  { name: 'created_at', type: timestamp, sql: 'i.created_at', notNull: true },
  { name: 'created_using_restate_version', type: largeText },
  { name: 'modified_at', type: timestamp, sql: 'i.modified_at', notNull: true },
  { name: 'inboxed_at', type: timestamp, sql: `CASE WHEN i.status = 'inboxed' THEN i.modified_at END` },
  { name: 'scheduled_at', type: timestamp, sql: `CASE WHEN i.execution_time IS NOT NULL THEN i.created_at END` },
  { name: 'scheduled_start_at', type: timestamp, sql: 'i.execution_time' },
  { name: 'running_at', type: timestamp, sql: 'i.started_at' },
  { name: 'completed_at', type: timestamp, sql: 'i.completed_at' },
  { name: 'completion_retention', type: duration, sql: 'i.completion_retention_ms', notNull: true },
  { name: 'journal_retention', type: duration, sql: 'i.journal_retention_ms', notNull: true },
  suspended('suspended_waiting_for_completions', 'completions'),
  suspended('suspended_waiting_for_signals', 'signals'),
  { ...suspended('suspended_waiting_future_json', 'future'), type: largeText },
]

/** From what the store keeps of an invocation that is not completed, see functions/live-functions.ts. */
export function live(field: string): string {
  return `x_live(i.seq, '${field}')`
}

function suspended(name: string, field: string): Column {
  return { name, type: u32List, sql: `CASE WHEN i.status = 'suspended' THEN ${live(field)} END` }
}

/**
 * Whether the last attempt failed and the next one waits for its time; a retry that is due waits for its turn. The encoding of `live` begins
 * with 1 when there is a retry state.
 */
const backsOff = `CASE WHEN l.in_flight = 1 OR i.status = 'paused' THEN 0 WHEN substr(i.live, 1, 1) = x'01' THEN ${live('next_retry_at')} > x_now() ELSE 0 END`

/** What the invoker does for it: `running`, `backing-off` or `ready`. Over `invocation` (i) and what is in flight (l). */
export const invokedStatus = `CASE WHEN l.in_flight = 1 THEN 'running' WHEN ${backsOff} THEN 'backing-off' ELSE 'ready' END`

/** Is tried, or is paused and was tried in vain: why should still be seen then. */
export const isAttempted = `(i.status = 'invoked' OR (i.status = 'paused' AND substr(i.live, 1, 1) = x'01'))`

/** Attempts of invocations that are `isAttempted`, beside `partition_key`, `id` and `in_flight`; over i and l. */
export const attemptColumns = {
  retryCount: {
    name: 'retry_count',
    type: u64,
    sql: `coalesce(${live('failures')}, 0) + coalesce(l.in_flight, 0)`,
  },
  lastStartAt: { name: 'last_start_at', type: timestamp, sql: 'l.started_at' },
  lastDeployment: { name: 'last_attempt_deployment_id', type: largeText, sql: 'l.deployment' },
  lastServer: { name: 'last_attempt_server', type: largeText, sql: 'l.server' },
  nextRetryAt: {
    name: 'next_retry_at',
    type: timestamp,
    sql: `CASE WHEN ${backsOff} THEN ${live('next_retry_at')} END`,
  },
  lastFailure: {
    name: 'last_failure',
    type: largeText,
    sql: live('last_failure'),
    secret: maskedFailure(live('last_failure')),
  },
  lastFailureCode: { name: 'last_failure_error_code', type: largeText, sql: live('error_code') },
  commandIndex: { name: 'last_failure_related_command_index', type: u64, sql: live('command_index') },
  commandName: { name: 'last_failure_related_command_name', type: largeText, sql: live('command_name') },
  commandType: { name: 'last_failure_related_command_type', type: largeText, sql: live('command_type') },
  entryIndex: { name: 'last_failure_related_entry_index', type: u64, sql: live('command_index') },
  entryName: { name: 'last_failure_related_entry_name', type: largeText, sql: live('command_name') },
  entryType: { name: 'last_failure_related_entry_type', type: largeText, sql: live('command_type') },
  awaitingOn: { name: 'last_awaiting_on_future_json', type: largeText },
} as const satisfies Readonly<Record<string, Column>>

export const hiddenColumns = [
  { name: '#status', sql: 'i.status' },
  { name: '#service', sql: 'i.service' },
  { name: '#result', sql: 'i.result' },
]

/** Unfinished invocations, by the index that has only them. */
export const openInvocations = {
  table: 'main.invocation i INDEXED BY invocation_open_created',
  condition: `i.status <> 'completed'`,
} as const
