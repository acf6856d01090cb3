import { MessageType } from '../../protocol/message-type.ts'
import { readCall } from './call.ts'
import type { CommandReader } from './command-context.ts'
import { readGetEagerState } from './get-eager-state.ts'
import { readGetEagerStateKeys } from './get-eager-state-keys.ts'
import { readInput } from './input.ts'
import { readOneWayCall } from './one-way-call.ts'
import { readOutput } from './output.ts'
import { requireState, requireWorkflow, requireWritableState } from './preconditions.ts'
import { readRun } from './run.ts'
import { readSleep } from './sleep.ts'
import { unsupported } from './unsupported.ts'

/** How each command of the protocol is read, by message type. What is not here is no command. */
export const commandReaders: ReadonlyMap<number, CommandReader> = new Map<number, CommandReader>([
  [MessageType.Input, readInput],
  [MessageType.Output, readOutput],
  [MessageType.Run, readRun],
  [MessageType.Sleep, readSleep],
  [MessageType.Call, readCall],
  [MessageType.OneWayCall, readOneWayCall],
  [MessageType.GetEagerState, readGetEagerState],
  [MessageType.GetEagerStateKeys, readGetEagerStateKeys],
  [MessageType.GetLazyState, unsupported(MessageType.GetLazyState, requireState)],
  [MessageType.GetLazyStateKeys, unsupported(MessageType.GetLazyStateKeys, requireState)],
  [MessageType.SetState, unsupported(MessageType.SetState, requireWritableState)],
  [MessageType.ClearState, unsupported(MessageType.ClearState, requireWritableState)],
  [MessageType.ClearAllState, unsupported(MessageType.ClearAllState, requireWritableState)],
  [MessageType.GetPromise, unsupported(MessageType.GetPromise, requireWorkflow)],
  [MessageType.PeekPromise, unsupported(MessageType.PeekPromise, requireWorkflow)],
  [MessageType.CompletePromise, unsupported(MessageType.CompletePromise, requireWorkflow)],
  [MessageType.SendSignal, unsupported(MessageType.SendSignal)],
  [MessageType.AttachInvocation, unsupported(MessageType.AttachInvocation)],
  [MessageType.GetInvocationOutput, unsupported(MessageType.GetInvocationOutput)],
  [MessageType.CompleteAwakeable, unsupported(MessageType.CompleteAwakeable)],
])
