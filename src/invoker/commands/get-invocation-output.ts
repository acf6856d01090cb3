import { decodeGetInvocationOutput } from '../../protocol/messages/get-invocation-output.ts'
import type { CommandReader } from './command-context.ts'
import { targetIdOf } from './target-id.ts'

export const readGetInvocationOutput: CommandReader = (payload) => {
  const { target, resultCompletionId } = decodeGetInvocationOutput(payload)
  return { kind: 'get-output', completionId: resultCompletionId, target: targetIdOf(target) }
}
