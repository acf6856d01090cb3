import { MessageType, messageTypeName } from '../../src/protocol/message-type.ts'
import { decodeAttachInvocation, encodeAttachInvocation } from '../../src/protocol/messages/attach-invocation.ts'
import { decodeAwaitingOn, encodeAwaitingOn } from '../../src/protocol/messages/awaiting-on.ts'
import { decodeCall, encodeCall } from '../../src/protocol/messages/call.ts'
import { decodeClearAllState, encodeClearAllState } from '../../src/protocol/messages/clear-all-state.ts'
import { decodeClearState, encodeClearState } from '../../src/protocol/messages/clear-state.ts'
import { decodeCommandAck, encodeCommandAck } from '../../src/protocol/messages/command-ack.ts'
import { decodeCompleteAwakeable, encodeCompleteAwakeable } from '../../src/protocol/messages/complete-awakeable.ts'
import { decodeCompletePromise, encodeCompletePromise } from '../../src/protocol/messages/complete-promise.ts'
import { decodeEnd, encodeEnd } from '../../src/protocol/messages/end.ts'
import { decodeError, encodeError } from '../../src/protocol/messages/error.ts'
import { decodeGetEagerState, encodeGetEagerState } from '../../src/protocol/messages/get-eager-state.ts'
import { decodeGetEagerStateKeys, encodeGetEagerStateKeys } from '../../src/protocol/messages/get-eager-state-keys.ts'
import {
  decodeGetInvocationOutput,
  encodeGetInvocationOutput,
} from '../../src/protocol/messages/get-invocation-output.ts'
import { decodeGetLazyState, encodeGetLazyState } from '../../src/protocol/messages/get-lazy-state.ts'
import { decodeGetLazyStateKeys, encodeGetLazyStateKeys } from '../../src/protocol/messages/get-lazy-state-keys.ts'
import { decodeGetPromise, encodeGetPromise } from '../../src/protocol/messages/get-promise.ts'
import { decodeInput, encodeInput } from '../../src/protocol/messages/input.ts'
import { decodeNotification, encodeNotification, isNotificationType } from '../../src/protocol/messages/notification.ts'
import { decodeOneWayCall, encodeOneWayCall } from '../../src/protocol/messages/one-way-call.ts'
import { decodeOutput, encodeOutput } from '../../src/protocol/messages/output.ts'
import { decodePeekPromise, encodePeekPromise } from '../../src/protocol/messages/peek-promise.ts'
import {
  decodeProposeRunCompletion,
  encodeProposeRunCompletion,
} from '../../src/protocol/messages/propose-run-completion.ts'
import {
  decodeProposeRunCompletionAck,
  encodeProposeRunCompletionAck,
} from '../../src/protocol/messages/propose-run-completion-ack.ts'
import { decodeRun, encodeRun } from '../../src/protocol/messages/run.ts'
import { decodeSendSignal, encodeSendSignal } from '../../src/protocol/messages/send-signal.ts'
import { decodeSetState, encodeSetState } from '../../src/protocol/messages/set-state.ts'
import { decodeSleep, encodeSleep } from '../../src/protocol/messages/sleep.ts'
import { decodeStart, encodeStart } from '../../src/protocol/messages/start.ts'
import { decodeSuspension, encodeSuspension } from '../../src/protocol/messages/suspension.ts'

/** What both directions of one message do, with the message's type hidden inside. */
export interface Codec {
  readonly decode: (payload: Uint8Array) => unknown
  readonly reencode: (payload: Uint8Array) => Buffer
}

function codec<Message>(decode: (payload: Uint8Array) => Message, encode: (message: Message) => Buffer): Codec {
  return { decode, reencode: (payload) => encode(decode(payload)) }
}

const codecs = new Map<number, Codec>([
  [MessageType.Start, codec(decodeStart, encodeStart)],
  [MessageType.Suspension, codec((payload) => decodeSuspension(payload), encodeSuspension)],
  [MessageType.Error, codec(decodeError, encodeError)],
  [MessageType.End, codec(decodeEnd, encodeEnd)],
  [MessageType.CommandAck, codec(decodeCommandAck, encodeCommandAck)],
  [MessageType.ProposeRunCompletion, codec(decodeProposeRunCompletion, encodeProposeRunCompletion)],
  [MessageType.AwaitingOn, codec((payload) => decodeAwaitingOn(payload), encodeAwaitingOn)],
  [MessageType.ProposeRunCompletionAck, codec(decodeProposeRunCompletionAck, encodeProposeRunCompletionAck)],
  [MessageType.Input, codec(decodeInput, encodeInput)],
  [MessageType.Output, codec(decodeOutput, encodeOutput)],
  [MessageType.GetLazyState, codec(decodeGetLazyState, encodeGetLazyState)],
  [MessageType.SetState, codec(decodeSetState, encodeSetState)],
  [MessageType.ClearState, codec(decodeClearState, encodeClearState)],
  [MessageType.ClearAllState, codec(decodeClearAllState, encodeClearAllState)],
  [MessageType.GetLazyStateKeys, codec(decodeGetLazyStateKeys, encodeGetLazyStateKeys)],
  [MessageType.GetEagerState, codec(decodeGetEagerState, encodeGetEagerState)],
  [MessageType.GetEagerStateKeys, codec(decodeGetEagerStateKeys, encodeGetEagerStateKeys)],
  [MessageType.GetPromise, codec(decodeGetPromise, encodeGetPromise)],
  [MessageType.PeekPromise, codec(decodePeekPromise, encodePeekPromise)],
  [MessageType.CompletePromise, codec(decodeCompletePromise, encodeCompletePromise)],
  [MessageType.Sleep, codec(decodeSleep, encodeSleep)],
  [MessageType.Call, codec(decodeCall, encodeCall)],
  [MessageType.OneWayCall, codec(decodeOneWayCall, encodeOneWayCall)],
  [MessageType.SendSignal, codec(decodeSendSignal, encodeSendSignal)],
  [MessageType.Run, codec(decodeRun, encodeRun)],
  [MessageType.AttachInvocation, codec(decodeAttachInvocation, encodeAttachInvocation)],
  [MessageType.GetInvocationOutput, codec(decodeGetInvocationOutput, encodeGetInvocationOutput)],
  [MessageType.CompleteAwakeable, codec(decodeCompleteAwakeable, encodeCompleteAwakeable)],
])
for (const type of Object.values(MessageType)) {
  if (!isNotificationType(type)) continue
  codecs.set(
    type,
    codec((payload) => decodeNotification(type, payload), encodeNotification),
  )
}

/** The codec of every message type; it fails the test for a type without one. */
export function codecOf(type: number): Codec {
  const found = codecs.get(type)
  if (found === undefined) throw new Error(`no codec for ${messageTypeName(type)}`)
  return found
}
