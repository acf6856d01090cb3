import type { AttemptFailure, InvocationEvent } from '../../core/invocation.ts'
import { messageTypeName } from '../../protocol/message-type.ts'

/** A row of `sys_journal_events`: `json` is the text of its column. */
export function eventJson({ kind, at, afterEntries, failure }: InvocationEvent) {
  const isPause = kind === 'paused'
  const body = isPause
    ? { ty: 'Paused', last_failure: failure === undefined ? null : failureJson(failure) }
    : { ty: 'TransientError', ...(failure !== undefined && failureJson(failure)) }
  return {
    after: Math.max(0, afterEntries - 1),
    at,
    type: isPause ? 'Paused' : 'TransientError',
    json: JSON.stringify(body),
  }
}

function failureJson(failure: AttemptFailure): Record<string, unknown> {
  const { relatedCommandIndex, relatedCommandName, relatedCommandType } = failure
  return {
    error_code: failure.code,
    error_message: failure.message,
    ...(failure.stacktrace !== undefined && { error_stacktrace: failure.stacktrace }),
    ...(failure.restateCode !== undefined && { restate_doc_error_code: failure.restateCode }),
    ...(relatedCommandIndex !== undefined && { related_command_index: relatedCommandIndex }),
    ...(relatedCommandName !== undefined && relatedCommandName !== '' && { related_command_name: relatedCommandName }),
    ...(relatedCommandType !== undefined && { related_command_type: messageTypeName(relatedCommandType) }),
  }
}
