import type { AttemptFailure, InvocationEvent } from '../../core/invocation.ts'
import { messageTypeName } from '../../protocol/message-type.ts'
import { futureJson } from './future-json.ts'

/** A row of `sys_journal_events`: `json` is the text of its column. */
export function eventJson(event: InvocationEvent) {
  const body = bodyOf(event)
  return { after: Math.max(0, event.afterEntries - 1), at: event.at, type: body.ty, json: JSON.stringify(body) }
}

function bodyOf(event: InvocationEvent): { readonly ty: string } {
  switch (event.kind) {
    case 'transient-error':
      return { ty: 'TransientError', ...failureJson(event.failure) }
    case 'paused': {
      const { failure } = event
      const body = { ty: 'Paused', last_failure: failure === undefined ? null : failureJson(failure) }
      return body
    }
    case 'suspended': {
      const body = { ty: 'Suspended', awaiting_on: futureJson(event.awaiting) }
      return body
    }
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
