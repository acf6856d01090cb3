import { decodePeekPromise } from '../../protocol/messages/peek-promise.ts'
import type { CommandReader } from './command-context.ts'
import { requireWorkflow } from './preconditions.ts'

export const readPeekPromise: CommandReader = (payload, context) => {
  requireWorkflow(context)
  const { key, resultCompletionId } = decodePeekPromise(payload)
  return { kind: 'peek-promise', completionId: resultCompletionId, name: key }
}
