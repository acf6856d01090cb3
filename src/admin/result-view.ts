import type { Failure, Header, NotificationResult } from '../core/journal.ts'
import { contentView } from './content-view.ts'

export function resultView(result: NotificationResult) {
  switch (result.kind) {
    case 'value':
      return { success: contentView(result.value) }
    case 'failure':
      return { failure: failureView(result.failure) }
    case 'void':
      return { void: true }
    case 'invocation-id':
      return { invocation_id: result.invocationId }
    case 'state-keys':
      return { state_keys: result.keys.map(contentView) }
  }
}

export function failureView(failure: Failure) {
  return {
    code: failure.code,
    message: failure.message,
    ...(failure.metadata === undefined ? {} : { metadata: headersView(failure.metadata) }),
  }
}

export function headersView(headers: readonly Header[]) {
  return headers.map(([name, value]) => ({ name, value }))
}
