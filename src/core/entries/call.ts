import type { SdkCommand } from '../commands/command.ts'
import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import { createOrFind } from '../lifecycle/create.ts'
import { notify } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

type Call = Extract<SdkCommand, { kind: 'call' }>

/**
 * Calls another handler and waits for its result. The caller's entry and the callee's existence are one
 * step, so the call happens exactly once. The order in the journal is fixed: call, id, result.
 */
export function appendCall(turn: Turn, invocation: Invocation, payload: Uint8Array, call: Call): void {
  appendRecord(turn, invocation, payload, EntryType.Call)
  notify(
    turn,
    invocation,
    EntryType.CallInvocationIdCompletion,
    { kind: 'completion', id: call.invocationIdCompletionId },
    { kind: 'invocation-id', invocationId: call.callee.id },
  )
  createOrFind(turn, call.callee, {
    caller: invocation.id,
    completionId: call.resultCompletionId,
    notificationType: EntryType.CallCompletion,
  })
}
