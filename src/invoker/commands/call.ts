import { decodeCall } from '../../protocol/messages/call.ts'
import { calleeOf } from './callee.ts'
import type { CommandReader } from './command-context.ts'

export const readCall: CommandReader = (payload, context) => {
  const call = decodeCall(payload)
  return {
    kind: 'call',
    invocationIdCompletionId: call.invocationIdNotificationIdx,
    resultCompletionId: call.resultCompletionId,
    callee: calleeOf(call, undefined, context),
  }
}
