import {
  type Content,
  duration,
  flag,
  integer,
  listOf,
  nullables,
  object,
  ref,
  type Schema,
  text,
  timestamp,
  words,
} from './schema-terms.ts'

const lastFailure: Content = {
  last_failure: text(),
  last_failure_error_code: text(),
  last_failure_related_command_index: integer(0),
  last_failure_related_command_name: text(),
  last_failure_related_command_type: text(),
}

const succeededAndFailed = (succeeded: Schema) =>
  object({
    succeeded: listOf(succeeded),
    failed: listOf(object({ invocation_id: text(), error: text() })),
  })

const waitingFor = () =>
  object({}, { completion_ids: listOf(integer(0)), signal_indexes: listOf(integer(0)), signal_names: listOf(text()) })

export const invocationSchemas: Readonly<Record<string, Schema>> = {
  Invocation: object(
    {
      id: text(),
      status: words('pending', 'scheduled', 'running', 'backing-off', 'suspended', 'paused', 'completed'),
      target: text(),
      target_service_name: text(),
      target_handler_name: text(),
      target_service_ty: words('service', 'virtual_object', 'workflow'),
      invoked_by: words('ingress', 'service', 'restart_as_new'),
      journal_size: integer(0),
      journal_commands_size: integer(0),
      created_at: timestamp(),
      modified_at: timestamp(),
      completion_retention: duration(),
      journal_retention: duration(),
    },
    {
      target_service_key: text(),
      idempotency_key: text(),
      invoked_by_id: text(),
      invoked_by_target: text(),
      restarted_from: text(),
      pinned_deployment_id: text(),
      pinned_service_protocol_version: integer(0),
      scheduled_start_at: timestamp(),
      running_at: timestamp(),
      completed_at: timestamp(),
      failed_attempts: integer(0),
      next_retry_at: timestamp(),
      ...lastFailure,
      completion_result: words('success', 'failure'),
      completion_failure: text(),
      completion_failure_details: ref('Failure'),
      queue_order: integer(0, 'Its place among those that wait for the same key.'),
      pause_requested: flag(),
      waiting_for: waitingFor(),
      sleeps: listOf(object({ completion_id: integer(0), wake_up_time: timestamp() })),
      open_calls: listOf(object({ completion_id: integer(0), invocation_id: text() })),
      events: listOf(
        object(
          {
            event_type: words('TransientError', 'Paused', 'Suspended'),
            appended_at: timestamp(),
            after_journal_entry_index: integer(-1),
          },
          { ...lastFailure, waiting_for: waitingFor() },
        ),
      ),
    },
    'Keys are those of the table sys_invocation.',
  ),
  Failure: object({ code: integer(0), message: text() }, { metadata: listOf(object({ name: text(), value: text() })) }),
  JournalPage: object(
    { id: text(), entries: listOf(ref('JournalEntry')) },
    { next: integer(0, 'The `from` of the next page, unless this is the last.') },
  ),
  JournalEntry: object(
    { index: integer(0), entry_type: text('Such as `Command: Run`.'), appended_at: timestamp() },
    { name: text(), completion_id: integer(0) },
    'With what its type has beside that.',
  ),
  RestartAsNewInvocationResponse: object({ new_invocation_id: text() }),
  BatchInvocationsRequest: object({ invocation_ids: ref('BatchInvocationIds') }),
  BatchInvocationsDeploymentRequest: object(
    { invocation_ids: ref('BatchInvocationIds') },
    nullables({ deployment: text('`Keep`, `Latest` or the id of a deployment.') }),
  ),
  BatchInvocationIds: { ...listOf(text()), maxItems: 1000 },
  BatchInvocationsResponse: succeededAndFailed(text()),
  BatchRestartAsNewResponse: succeededAndFailed(object({ old_invocation_id: text(), new_invocation_id: text() })),
}
