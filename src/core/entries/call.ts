import type { SdkCommand } from '../commands/command.ts'
import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import { createOrFind } from '../lifecycle/create.ts'
import { answer } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

type Call = Extract<SdkCommand, { kind: 'call' }>

/**
 * Calls another handler and waits for its result. The caller's entry and the callee's existence are one
 * step, so the call happens exactly once. The order in the journal is fixed: call, id, result.
 */
export function appendCall(turn: Turn, invocation: Invocation, payload: Uint8Array, call: Call): void {
  const { callee, invocationIdCompletionId, resultCompletionId } = call
  appendRecord(turn, invocation, payload, EntryType.Call, [invocationIdCompletionId, resultCompletionId])
  const id = { kind: 'invocation-id', invocationId: callee.id } as const
  answer(turn, invocation, EntryType.CallInvocationIdCompletion, invocationIdCompletionId, id)
  turn.emit({
    type: 'call-started',
    seq: invocation.seq,
    completionId: resultCompletionId,
    callee: callee.id,
  })
  createOrFind(turn, callee, {
    caller: invocation.id,
    completionId: resultCompletionId,
    notificationType: EntryType.CallCompletion,
  })
}
