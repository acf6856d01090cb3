import type { SdkCommand } from '../commands/command.ts'
import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import { createOrFind } from '../lifecycle/create.ts'
import { notify } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

type OneWayCall = Extract<SdkCommand, { kind: 'one-way-call' }>

/** Sends to another handler, now or later, and does not wait. */
export function appendOneWayCall(turn: Turn, invocation: Invocation, payload: Uint8Array, call: OneWayCall): void {
  appendRecord(turn, invocation, payload, EntryType.OneWayCall)
  notify(
    turn,
    invocation,
    EntryType.CallInvocationIdCompletion,
    { kind: 'completion', id: call.invocationIdCompletionId },
    { kind: 'invocation-id', invocationId: call.callee.id },
  )
  createOrFind(turn, call.callee, undefined)
}
