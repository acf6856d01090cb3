import { MessageType } from '../../protocol/message-type.ts'
import { readAttachInvocation } from './attach-invocation.ts'
import { readCall } from './call.ts'
import { readClearAllState } from './clear-all-state.ts'
import { readClearState } from './clear-state.ts'
import type { CommandReader } from './command-context.ts'
import { readCompleteAwakeable } from './complete-awakeable.ts'
import { readCompletePromise } from './complete-promise.ts'
import { readGetEagerState } from './get-eager-state.ts'
import { readGetEagerStateKeys } from './get-eager-state-keys.ts'
import { readGetInvocationOutput } from './get-invocation-output.ts'
import { readGetLazyState } from './get-lazy-state.ts'
import { readGetLazyStateKeys } from './get-lazy-state-keys.ts'
import { readGetPromise } from './get-promise.ts'
import { readInput } from './input.ts'
import { readOneWayCall } from './one-way-call.ts'
import { readOutput } from './output.ts'
import { readPeekPromise } from './peek-promise.ts'
import { readRun } from './run.ts'
import { readSendSignal } from './send-signal.ts'
import { readSetState } from './set-state.ts'
import { readSleep } from './sleep.ts'

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
  [MessageType.GetLazyState, readGetLazyState],
  [MessageType.GetLazyStateKeys, readGetLazyStateKeys],
  [MessageType.SetState, readSetState],
  [MessageType.ClearState, readClearState],
  [MessageType.ClearAllState, readClearAllState],
  [MessageType.GetPromise, readGetPromise],
  [MessageType.PeekPromise, readPeekPromise],
  [MessageType.CompletePromise, readCompletePromise],
  [MessageType.SendSignal, readSendSignal],
  [MessageType.AttachInvocation, readAttachInvocation],
  [MessageType.GetInvocationOutput, readGetInvocationOutput],
  [MessageType.CompleteAwakeable, readCompleteAwakeable],
])
