import { formatDuration } from '../config/duration.ts'
import type { ServiceType } from '../core/deployment.ts'
import type { Invocation, InvocationTarget } from '../core/invocation.ts'
import { messageTypeName } from '../protocol/message-type.ts'
import { failureView } from './result-view.ts'

/** An invocation for people. Keys are those of the peer's table `sys_invocation`; what does not apply is left out. */
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
    invoked_by: source.kind,
    ...(source.kind === 'service' ? { invoked_by_id: source.caller, invoked_by_target: source.callerTarget } : {}),
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
          failed_attempts: retry.countedFailures,
          ...(invocation.status === 'invoked' ? { next_retry_at: timestamp(retry.nextAttemptAt) } : {}),
          last_failure: `[${retry.lastFailure.code}] ${retry.lastFailure.message}`,
          ...optional('last_failure_error_code', retry.lastFailure.restateCode),
          ...optional('last_failure_related_command_index', retry.lastFailure.relatedCommandIndex),
          ...optional('last_failure_related_command_name', retry.lastFailure.relatedCommandName || undefined),
          ...(retry.lastFailure.relatedCommandType === undefined
            ? {}
            : { last_failure_related_command_type: messageTypeName(retry.lastFailure.relatedCommandType) }),
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
  }
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
