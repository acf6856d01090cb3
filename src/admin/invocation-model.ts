import { formatDuration } from '../config/duration.ts'
import type { ServiceType } from '../core/deployment.ts'
import type {
  AttemptFailure,
  Invocation,
  InvocationEvent,
  InvocationSource,
  InvocationTarget,
  OpenCall,
  Sleeping,
} from '../core/invocation.ts'
import type { Awaiting } from '../core/journal.ts'
import { messageTypeName } from '../protocol/message-type.ts'
import { failureView } from './result-view.ts'

/** Of more events the newest are shown. */
const MAX_SHOWN_EVENTS = 20

/** Of longer lists the beginning is shown: a handler may wait for very many things at once. */
const MAX_SHOWN_ITEMS = 100

/**
 * An invocation for people. Keys are those of the peer's table `sys_invocation`, and a few of our own behind them; what
 * does not apply is left out.
 */
export function invocationModel(invocation: Invocation, nowMs: number) {
  const { target, source, pinned, retry, result } = invocation
  return {
    id: invocation.id,
    status: shownStatus(invocation, nowMs),
    target: targetName(target),
    target_service_name: target.service,
    ...(target.key === undefined ? {} : { target_service_key: target.key }),
    target_handler_name: target.handler,
    target_service_ty: SERVICE_TYPES[target.serviceType],
    ...(invocation.idempotencyKey === undefined ? {} : { idempotency_key: invocation.idempotencyKey }),
    ...sourceView(source),
    ...(pinned === undefined
      ? {}
      : { pinned_deployment_id: pinned.deploymentId, pinned_service_protocol_version: pinned.protocolVersion }),
    journal_size: invocation.journal.length,
    journal_commands_size: invocation.commandCount,
    created_at: timestamp(invocation.createdAt),
    modified_at: timestamp(invocation.modifiedAt),
    ...optionalTimestamp('scheduled_start_at', invocation.executionTime),
    ...optionalTimestamp('running_at', invocation.startedAt),
    ...optionalTimestamp('completed_at', invocation.completedAt),
    completion_retention: formatDuration(invocation.completionRetentionMs),
    journal_retention: formatDuration(invocation.journalRetentionMs),
    ...(retry === undefined
      ? {}
      : {
          failed_attempts: invocation.failedAttempts,
          ...(invocation.status === 'invoked' ? { next_retry_at: timestamp(retry.nextAttemptAt) } : {}),
          ...lastFailureView(retry.lastFailure),
        }),
    ...(result === undefined
      ? {}
      : result.kind === 'value'
        ? { completion_result: 'success' }
        : {
            completion_result: 'failure',
            completion_failure: `[${result.failure.code}] ${result.failure.message}`,
            completion_failure_details: failureView(result.failure),
          }),
    ...progressView(invocation),
  }
}

function sourceView(source: InvocationSource): Record<string, unknown> {
  switch (source.kind) {
    case 'ingress':
      return { invoked_by: 'ingress' }
    case 'service':
      return { invoked_by: 'service', invoked_by_id: source.caller, invoked_by_target: source.callerTarget }
    case 'restart-as-new':
      return { invoked_by: 'restart_as_new', restarted_from: source.from }
  }
}

/** What it waits for, and what has happened to it beside its journal. */
function progressView({ queueOrder, pauseRequested, awaiting, sleeping, calls, events }: Invocation) {
  return {
    ...optional('queue_order', queueOrder),
    ...(pauseRequested ? { pause_requested: true } : {}),
    ...(awaiting === undefined ? {} : { waiting_for: awaitingView(awaiting) }),
    ...optional('sleeps', shown(sleeping)?.map(sleepView)),
    ...optional('open_calls', shown(calls)?.map(callView)),
    ...(events.length === 0 ? {} : { events: events.slice(-MAX_SHOWN_EVENTS).map(eventView) }),
  }
}

function awaitingView({ completions, signals, namedSignals }: Awaiting) {
  return {
    ...optional('completion_ids', shown(completions)),
    ...optional('signal_indexes', shown(signals)),
    ...optional('signal_names', shown(namedSignals)),
  }
}

function sleepView({ completionId, wakeUpAt }: Sleeping) {
  return { completion_id: completionId, wake_up_time: timestamp(wakeUpAt) }
}

function callView({ completionId, callee }: OpenCall) {
  return { completion_id: completionId, invocation_id: callee }
}

/** Words and shape of the peer's table `sys_journal_events`. */
function eventView(event: InvocationEvent) {
  const failure = event.kind === 'suspended' ? undefined : event.failure
  return {
    event_type: eventTypes[event.kind],
    appended_at: timestamp(event.at),
    after_journal_entry_index: event.afterEntries - 1,
    ...(event.kind === 'suspended' ? { waiting_for: awaitingView(event.awaiting) } : {}),
    ...(failure === undefined ? {} : lastFailureView(failure)),
  }
}

const eventTypes: Readonly<Record<InvocationEvent['kind'], string>> = {
  'transient-error': 'TransientError',
  paused: 'Paused',
  suspended: 'Suspended',
}

/** Keys as in the peer's tables, which have the same columns in both places. */
function lastFailureView(failure: AttemptFailure) {
  return {
    last_failure: `[${failure.code}] ${failure.message}`,
    ...optional('last_failure_error_code', failure.restateCode),
    ...optional('last_failure_related_command_index', failure.relatedCommandIndex),
    ...optional('last_failure_related_command_name', failure.relatedCommandName || undefined),
    ...(failure.relatedCommandType === undefined
      ? {}
      : { last_failure_related_command_type: messageTypeName(failure.relatedCommandType) }),
  }
}

/** `undefined` for an empty list, which is left out. */
function shown<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items.slice(0, MAX_SHOWN_ITEMS)
}

const SERVICE_TYPES: Readonly<Record<ServiceType, string>> = {
  Service: 'service',
  VirtualObject: 'virtual_object',
  Workflow: 'workflow',
}

/** The words of `sys_invocation`. What is waiting for its turn at the service (`ready`) is shown as running. */
function shownStatus({ status, retry }: Invocation, nowMs: number): string {
  if (status === 'inboxed') return 'pending'
  if (status !== 'invoked') return status
  return retry !== undefined && retry.nextAttemptAt > nowMs ? 'backing-off' : 'running'
}

function targetName({ service, key, handler }: InvocationTarget): string {
  return key === undefined ? `${service}/${handler}` : `${service}/${key}/${handler}`
}

function timestamp(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

function optional(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value }
}

function optionalTimestamp(key: string, epochMs: number | undefined): Record<string, string> {
  return epochMs === undefined ? {} : { [key]: timestamp(epochMs) }
}
