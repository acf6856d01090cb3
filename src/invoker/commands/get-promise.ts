import { decodeGetPromise } from '../../protocol/messages/get-promise.ts'
import type { CommandReader } from './command-context.ts'
import { requireWorkflow } from './preconditions.ts'

export const readGetPromise: CommandReader = (payload, context) => {
  requireWorkflow(context)
  const { key, resultCompletionId } = decodeGetPromise(payload)
  return { kind: 'get-promise', completionId: resultCompletionId, name: key }
}
