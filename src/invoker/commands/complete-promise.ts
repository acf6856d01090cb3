import { decodeCompletePromise } from '../../protocol/messages/complete-promise.ts'
import { checkedResult } from './checked-result.ts'
import type { CommandReader } from './command-context.ts'
import { requireWorkflow } from './preconditions.ts'

export const readCompletePromise: CommandReader = (payload, context) => {
  requireWorkflow(context)
  const { key, resultCompletionId, completion } = decodeCompletePromise(payload)
  return { kind: 'complete-promise', completionId: resultCompletionId, name: key, result: checkedResult(completion) }
}
