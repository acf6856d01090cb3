import type { InvocationId } from '../core/ids.ts'
import { AdminField } from '../errors/admin.ts'
import { isInvocationId } from '../protocol/ids/invocation-id.ts'

/** An invocation id from a path. */
export function parseInvocationIdParameter(text: string): InvocationId {
  if (isInvocationId(text)) return text
  throw new AdminField("The request field 'invocation_id' is invalid. Reason: bad format")
}
