import { EntryType } from '../../core/entry-type.ts'
import type { CommandEntry } from '../../core/journal.ts'
import { PerdureError } from '../../errors/perdure-error.ts'
import { decodeAttachInvocation } from '../../protocol/messages/attach-invocation.ts'
import { decodeCall } from '../../protocol/messages/call.ts'
import { decodeClearAllState } from '../../protocol/messages/clear-all-state.ts'
import { decodeClearState } from '../../protocol/messages/clear-state.ts'
import { decodeCompleteAwakeable } from '../../protocol/messages/complete-awakeable.ts'
import { decodeCompletePromise } from '../../protocol/messages/complete-promise.ts'
import { decodeGetEagerState } from '../../protocol/messages/get-eager-state.ts'
import { decodeGetEagerStateKeys } from '../../protocol/messages/get-eager-state-keys.ts'
import { decodeGetInvocationOutput } from '../../protocol/messages/get-invocation-output.ts'
import { decodeGetLazyState } from '../../protocol/messages/get-lazy-state.ts'
import { decodeGetLazyStateKeys } from '../../protocol/messages/get-lazy-state-keys.ts'
import { decodeGetPromise } from '../../protocol/messages/get-promise.ts'
import { decodeOneWayCall } from '../../protocol/messages/one-way-call.ts'
import { decodeOutput } from '../../protocol/messages/output.ts'
import { decodePeekPromise } from '../../protocol/messages/peek-promise.ts'
import { decodeRun } from '../../protocol/messages/run.ts'
import { decodeSendSignal } from '../../protocol/messages/send-signal.ts'
import { decodeSetState } from '../../protocol/messages/set-state.ts'
import { decodeSleep } from '../../protocol/messages/sleep.ts'

const decoders = {
  Output: decodeOutput,
  GetLazyState: decodeGetLazyState,
  SetState: decodeSetState,
  ClearState: decodeClearState,
  ClearAllState: decodeClearAllState,
  GetLazyStateKeys: decodeGetLazyStateKeys,
  GetEagerState: decodeGetEagerState,
  GetEagerStateKeys: decodeGetEagerStateKeys,
  GetPromise: decodeGetPromise,
  PeekPromise: decodePeekPromise,
  CompletePromise: decodeCompletePromise,
  Sleep: decodeSleep,
  Call: decodeCall,
  OneWayCall: decodeOneWayCall,
  SendSignal: decodeSendSignal,
  Run: decodeRun,
  AttachInvocation: decodeAttachInvocation,
  GetInvocationOutput: decodeGetInvocationOutput,
  CompleteAwakeable: decodeCompleteAwakeable,
} as const

type CommandName = keyof typeof decoders

/** A command of a journal, decoded: its name and its message. */
export type DecodedCommand = {
  [Name in CommandName]: { readonly type: Name; readonly message: ReturnType<(typeof decoders)[Name]> }
}[CommandName]

const names: ReadonlyMap<number, CommandName> = new Map([
  [EntryType.Output, 'Output'],
  [EntryType.GetLazyState, 'GetLazyState'],
  [EntryType.SetState, 'SetState'],
  [EntryType.ClearState, 'ClearState'],
  [EntryType.ClearAllState, 'ClearAllState'],
  [EntryType.GetLazyStateKeys, 'GetLazyStateKeys'],
  [EntryType.GetEagerState, 'GetEagerState'],
  [EntryType.GetEagerStateKeys, 'GetEagerStateKeys'],
  [EntryType.GetPromise, 'GetPromise'],
  [EntryType.PeekPromise, 'PeekPromise'],
  [EntryType.CompletePromise, 'CompletePromise'],
  [EntryType.Sleep, 'Sleep'],
  [EntryType.Call, 'Call'],
  [EntryType.OneWayCall, 'OneWayCall'],
  [EntryType.SendSignal, 'SendSignal'],
  [EntryType.Run, 'Run'],
  [EntryType.AttachInvocation, 'AttachInvocation'],
  [EntryType.GetInvocationOutput, 'GetInvocationOutput'],
  [EntryType.CompleteAwakeable, 'CompleteAwakeable'],
])

/** `undefined` for what cannot be read: a journal must be shown all the same. */
export function decodeCommand({ type, payload }: CommandEntry): DecodedCommand | undefined {
  const name = names.get(type)
  if (name === undefined) return undefined
  try {
    return { type: name, message: decoders[name](payload) } as DecodedCommand
  } catch (error) {
    if (error instanceof PerdureError) return undefined
    throw error
  }
}
