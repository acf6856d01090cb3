import type { SdkCommand } from '../commands/command.ts'
import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import { createOrFind } from '../lifecycle/create.ts'
import { answer } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

type OneWayCall = Extract<SdkCommand, { kind: 'one-way-call' }>

/** Sends to another handler, now or later, and does not wait. */
export function appendOneWayCall(turn: Turn, invocation: Invocation, payload: Uint8Array, call: OneWayCall): void {
  const { callee, invocationIdCompletionId } = call
  appendRecord(turn, invocation, payload, EntryType.OneWayCall, [invocationIdCompletionId])
  const id = { kind: 'invocation-id', invocationId: callee.id } as const
  answer(turn, invocation, EntryType.CallInvocationIdCompletion, invocationIdCompletionId, id)
  createOrFind(turn, callee, undefined)
}
