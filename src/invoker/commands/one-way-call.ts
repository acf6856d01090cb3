import { decodeOneWayCall } from '../../protocol/messages/one-way-call.ts'
import { calleeOf } from './callee.ts'
import type { CommandReader } from './command-context.ts'

export const readOneWayCall: CommandReader = (payload, context, now) => {
  const call = decodeOneWayCall(payload)
  // 0 is now, and what is past is due.
  const executionTime = call.invokeTime > now ? call.invokeTime : undefined
  return {
    kind: 'one-way-call',
    invocationIdCompletionId: call.invocationIdNotificationIdx,
    callee: calleeOf(call, executionTime, context),
  }
}
