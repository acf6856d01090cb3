import { EntryType } from '../core/entry-type.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { decodeAttachInvocation } from '../protocol/messages/attach-invocation.ts'
import { decodeCall } from '../protocol/messages/call.ts'
import { decodeClearAllState } from '../protocol/messages/clear-all-state.ts'
import { decodeClearState } from '../protocol/messages/clear-state.ts'
import { decodeCompleteAwakeable } from '../protocol/messages/complete-awakeable.ts'
import { decodeCompletePromise } from '../protocol/messages/complete-promise.ts'
import { decodeGetEagerState } from '../protocol/messages/get-eager-state.ts'
import { decodeGetEagerStateKeys } from '../protocol/messages/get-eager-state-keys.ts'
import { decodeGetInvocationOutput } from '../protocol/messages/get-invocation-output.ts'
import { decodeGetLazyState } from '../protocol/messages/get-lazy-state.ts'
import { decodeGetLazyStateKeys } from '../protocol/messages/get-lazy-state-keys.ts'
import { decodeGetPromise } from '../protocol/messages/get-promise.ts'
import { decodeOneWayCall } from '../protocol/messages/one-way-call.ts'
import { decodeOutput } from '../protocol/messages/output.ts'
import { decodePeekPromise } from '../protocol/messages/peek-promise.ts'
import { decodeRun } from '../protocol/messages/run.ts'
import { decodeSendSignal } from '../protocol/messages/send-signal.ts'
import { decodeSetState } from '../protocol/messages/set-state.ts'
import { decodeSleep } from '../protocol/messages/sleep.ts'
import { contentView } from './content-view.ts'
import { headersView, resultView } from './result-view.ts'

type View = Readonly<Record<string, unknown>>

/** What a command says, in words. `payload` is the message as the SDK sent it. */
export function commandView(type: number, payload: Uint8Array): View {
  const view = VIEWS[type]
  if (view === undefined) return {}
  try {
    // Empty keys and names are the wire's way to leave them out.
    return Object.fromEntries(Object.entries(view(payload)).filter(([, value]) => value !== undefined && value !== ''))
  } catch (error) {
    // A journal must be readable when one of its entries is not.
    if (error instanceof PerdureError) return { unreadable: error.message }
    throw error
  }
}

const VIEWS: Readonly<Record<number, (payload: Uint8Array) => View>> = {
  [EntryType.Output](payload) {
    const { name, result } = decodeOutput(payload)
    return { name, result: resultView(result) }
  },
  [EntryType.GetLazyState](payload) {
    const { name, key, resultCompletionId } = decodeGetLazyState(payload)
    return { name, key: contentView(key), completion_id: resultCompletionId }
  },
  [EntryType.SetState](payload) {
    const { name, key, value } = decodeSetState(payload)
    return { name, key: contentView(key), value: contentView(value) }
  },
  [EntryType.ClearState](payload) {
    const { name, key } = decodeClearState(payload)
    return { name, key: contentView(key) }
  },
  [EntryType.ClearAllState](payload) {
    return { name: decodeClearAllState(payload).name }
  },
  [EntryType.GetLazyStateKeys](payload) {
    const { name, resultCompletionId } = decodeGetLazyStateKeys(payload)
    return { name, completion_id: resultCompletionId }
  },
  [EntryType.GetEagerState](payload) {
    const { name, key, result } = decodeGetEagerState(payload)
    return { name, key: contentView(key), result: resultView(result) }
  },
  [EntryType.GetEagerStateKeys](payload) {
    const { name, keys } = decodeGetEagerStateKeys(payload)
    return { name, state_keys: keys.map(contentView) }
  },
  [EntryType.GetPromise](payload) {
    const { name, key, resultCompletionId } = decodeGetPromise(payload)
    return { name, key, completion_id: resultCompletionId }
  },
  [EntryType.PeekPromise](payload) {
    const { name, key, resultCompletionId } = decodePeekPromise(payload)
    return { name, key, completion_id: resultCompletionId }
  },
  [EntryType.CompletePromise](payload) {
    const { name, key, completion, resultCompletionId } = decodeCompletePromise(payload)
    return { name, key, result: resultView(completion), completion_id: resultCompletionId }
  },
  [EntryType.Sleep](payload) {
    const { name, wakeUpTime, resultCompletionId } = decodeSleep(payload)
    return { name, wake_up_time: timestamp(wakeUpTime), completion_id: resultCompletionId }
  },
  [EntryType.Call](payload) {
    const call = decodeCall(payload)
    return { ...requestView(call), completion_id: call.resultCompletionId }
  },
  [EntryType.OneWayCall](payload) {
    const call = decodeOneWayCall(payload)
    return { ...requestView(call), invoke_time: call.invokeTime === 0 ? undefined : timestamp(call.invokeTime) }
  },
  [EntryType.SendSignal](payload) {
    const { name, targetInvocationId, signal, result } = decodeSendSignal(payload)
    const signalView = signal.kind === 'signal' ? { signal_index: signal.index } : { signal_name: signal.name }
    return { name, target_invocation_id: targetInvocationId, ...signalView, result: resultView(result) }
  },
  [EntryType.Run](payload) {
    const { name, resultCompletionId } = decodeRun(payload)
    return { name, completion_id: resultCompletionId }
  },
  [EntryType.AttachInvocation](payload) {
    const { name, target, resultCompletionId } = decodeAttachInvocation(payload)
    return { name, attached_to: target, completion_id: resultCompletionId }
  },
  [EntryType.GetInvocationOutput](payload) {
    const { name, target, resultCompletionId } = decodeGetInvocationOutput(payload)
    return { name, attached_to: target, completion_id: resultCompletionId }
  },
  [EntryType.CompleteAwakeable](payload) {
    const { name, awakeableId, result } = decodeCompleteAwakeable(payload)
    return { name, awakeable_id: awakeableId, result: resultView(result) }
  },
}

/** What `Call` and `OneWayCall` have in common. */
function requestView(call: ReturnType<typeof decodeCall> | ReturnType<typeof decodeOneWayCall>): View {
  return {
    name: call.name,
    service: call.serviceName,
    handler: call.handlerName,
    key: call.key,
    idempotency_key: call.idempotencyKey,
    headers: headersView(call.headers),
    parameter: contentView(call.parameter),
    invocation_id_completion_id: call.invocationIdNotificationIdx,
  }
}

/** Milliseconds since the epoch as RFC 3339; a number that no calendar reaches stays a number. */
function timestamp(epochMs: number): string | number {
  return epochMs <= 8.64e15 ? new Date(epochMs).toISOString() : epochMs
}
