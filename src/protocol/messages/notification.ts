import type { InvocationId } from '../../core/ids.ts'
import { isInvocationId } from '../ids/invocation-id.ts'
import { MessageType, messageTypeName } from '../message-type.ts'
import {
  type Result,
  readFailureResult,
  readSuccess,
  type VoidResult,
  voidResult,
  writeResult,
} from '../values/result.ts'
import { readStateKeys, writeStateKeys } from '../values/state-keys.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'
import type { SignalKey } from './send-signal.ts'

/** What a notification answers: a completion id that the SDK chose, or a signal. */
export type NotificationKey = { readonly kind: 'completion'; readonly id: number } | SignalKey

export type NotificationResult =
  | Result
  | VoidResult
  | { readonly kind: 'invocation-id'; readonly invocationId: InvocationId }
  | { readonly kind: 'state-keys'; readonly keys: readonly Uint8Array[] }

type ResultKind = NotificationResult['kind']

/** Which results each notification may carry. */
const allowedResults = {
  [MessageType.GetLazyStateCompletion]: ['void', 'value'],
  [MessageType.GetLazyStateKeysCompletion]: ['state-keys'],
  [MessageType.GetPromiseCompletion]: ['value', 'failure'],
  [MessageType.PeekPromiseCompletion]: ['void', 'value', 'failure'],
  [MessageType.CompletePromiseCompletion]: ['void', 'failure'],
  [MessageType.SleepCompletion]: ['void'],
  [MessageType.CallCompletion]: ['value', 'failure'],
  [MessageType.CallInvocationIdCompletion]: ['invocation-id'],
  [MessageType.RunCompletion]: ['value', 'failure'],
  [MessageType.AttachInvocationCompletion]: ['value', 'failure'],
  [MessageType.GetInvocationOutputCompletion]: ['void', 'value', 'failure'],
  [MessageType.Signal]: ['void', 'value', 'failure'],
} as const satisfies Readonly<Record<number, readonly ResultKind[]>>

export type NotificationType = keyof typeof allowedResults

export function isNotificationType(type: number): type is NotificationType {
  return Object.hasOwn(allowedResults, type)
}

/** All notifications have this one shape; the type decides which keys and results are allowed. */
export interface NotificationMessage<Type extends number = NotificationType> {
  readonly type: Type
  readonly key: NotificationKey
  readonly result: NotificationResult
}

/**
 * The payload; the type goes into the frame header. Key and result are on the wire even when they are zero or
 * empty: SDKs refuse a notification that lacks either.
 */
export function encodeNotification(message: NotificationMessage<number>): Buffer {
  const writer = new WireWriter()
  switch (message.key.kind) {
    case 'completion':
      writer.optionalUint32(1, message.key.id)
      break
    case 'signal':
      writer.optionalUint32(2, message.key.index)
      break
    case 'named-signal':
      writer.optionalString(3, message.key.name)
  }
  switch (message.result.kind) {
    case 'void':
      writer.emptyMessage(4)
      break
    case 'invocation-id':
      writer.optionalString(16, message.result.invocationId)
      break
    case 'state-keys':
      writeStateKeys(writer, 17, message.result.keys)
      break
    default:
      writeResult(writer, 5, 6, message.result)
  }
  return writer.finish()
}

/** @throws ProtocolMalformed also for a key or a result that `type` does not allow. */
export function decodeNotification(type: number, payload: Uint8Array): NotificationMessage {
  const reader = new WireReader(payload, messageTypeName(type))
  if (!isNotificationType(type)) return reader.refuse('no notification has this type')
  let key: NotificationKey | undefined
  let result: NotificationResult | undefined
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = { kind: 'completion', id: reader.uint32() }
        break
      case 2:
        key = { kind: 'signal', index: reader.uint32() }
        break
      case 3:
        key = { kind: 'named-signal', name: reader.string() }
        break
      case 4:
        reader.void()
        result = voidResult
        break
      case 5:
        result = readSuccess(reader)
        break
      case 6:
        result = readFailureResult(reader)
        break
      case 16:
        result = readInvocationId(reader)
        break
      case 17:
        result = { kind: 'state-keys', keys: readStateKeys(reader) }
        break
      default:
        reader.skip()
    }
  }
  if (key === undefined) return reader.refuse('no id')
  if ((key.kind === 'completion') === (type === MessageType.Signal)) reader.refuse(`id of kind ${key.kind}`)
  if (result === undefined) return reader.refuse('no result')
  const allowed: readonly ResultKind[] = allowedResults[type]
  if (!allowed.includes(result.kind)) reader.refuse(`result of kind ${result.kind}`)
  return { type, key, result }
}

function readInvocationId(reader: WireReader): NotificationResult {
  const invocationId = reader.string()
  if (!isInvocationId(invocationId)) return reader.refuse('field 16 is no invocation id')
  return { kind: 'invocation-id', invocationId }
}
