import type { InvocationId } from '../../core/ids.ts'
import { CommandRefused } from '../../errors/invoker.ts'
import { BadId } from '../../errors/protocol.ts'
import { idempotentInvocationId, parseInvocationId, workflowRunId } from '../../protocol/ids.ts'
import type { InvocationTarget } from '../../protocol/values/invocation-target.ts'
import { requireIdempotencyKey, requireNoFlowControl } from './preconditions.ts'

/**
 * The id of the invocation that is meant, whether there is one or not: runs of workflows and calls with an idempotency
 * key have ids that follow from their target.
 *
 * @throws CommandRefused for what cannot be an id or an idempotency key, FlowControlMissing for a scope.
 */
export function targetIdOf(target: InvocationTarget): InvocationId {
  switch (target.kind) {
    case 'invocation-id':
      return checkedId(target.invocationId)
    case 'idempotent-request': {
      const { serviceName, serviceKey, handlerName, idempotencyKey, scope } = target
      requireNoFlowControl(scope)
      requireIdempotencyKey(idempotencyKey)
      return idempotentInvocationId({ service: serviceName, key: serviceKey, handler: handlerName, idempotencyKey })
    }
    case 'workflow':
      requireNoFlowControl(target.scope)
      return workflowRunId(target.workflowName, target.workflowKey)
  }
}

function checkedId(text: string): InvocationId {
  try {
    parseInvocationId(text)
  } catch (error) {
    if (!(error instanceof BadId)) throw error
    throw new CommandRefused(`cannot tell which invocation is meant: ${error.message}`, { cause: error })
  }
  return text as InvocationId
}
