import type { InvocationId } from '../core/ids.ts'
import { invocationIdFor } from '../protocol/ids/derive-invocation-id.ts'
import { formatInvocationId, parseInvocationId } from '../protocol/ids/invocation-id.ts'
import type { KeyedTarget } from './path.ts'

// Both kinds of id below follow from their target alone.
const noTime = 0
const noRandom = new Uint8Array(0)

/** @throws BadId */
export function checkedInvocationId(text: string): InvocationId {
  return formatInvocationId(parseInvocationId(text))
}

/** The id that a call with this idempotency key has, whether there was one or not. */
export function idOfIdempotentInvocation({ service, key, handler, idempotencyKey }: KeyedTarget): InvocationId {
  return invocationIdFor({ service, key, handler, isWorkflowRun: false, idempotencyKey }, noTime, noRandom)
}

/** The id of the run of a workflow. The name of the handler that runs it has no part in it. */
export function idOfWorkflowRun(name: string, key: string): InvocationId {
  return invocationIdFor({ service: name, key, handler: '', isWorkflowRun: true }, noTime, noRandom)
}
