import { decodeAttachInvocation } from '../../protocol/messages/attach-invocation.ts'
import type { CommandReader } from './command-context.ts'
import { targetIdOf } from './target-id.ts'

export const readAttachInvocation: CommandReader = (payload) => {
  const { target, resultCompletionId } = decodeAttachInvocation(payload)
  return { kind: 'attach', completionId: resultCompletionId, target: targetIdOf(target) }
}
