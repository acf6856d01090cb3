import {
  type Result,
  readFailureResult,
  readSuccess,
  type VoidResult,
  voidResult,
  writeResult,
} from '../values/result.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Index of the built-in signal that cancels its target. SDKs number their own from 17. */
export const cancelSignal = 1

export type SignalKey =
  | { readonly kind: 'signal'; readonly index: number }
  | { readonly kind: 'named-signal'; readonly name: string }

/** Delivers a signal to any invocation. */
export interface SendSignalMessage {
  readonly targetInvocationId: string
  readonly signal: SignalKey
  readonly result: Result | VoidResult
  /** The entry's name; the signal's is in `signal`. */
  readonly name: string
}

export function encodeSendSignal(message: SendSignalMessage): Buffer {
  const writer = new WireWriter()
  writer.string(1, message.targetInvocationId)
  if (message.signal.kind === 'signal') writer.optionalUint32(2, message.signal.index)
  else writer.optionalString(3, message.signal.name)
  if (message.result.kind === 'void') writer.emptyMessage(4)
  else writeResult(writer, 5, 6, message.result)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeSendSignal(payload: Uint8Array): SendSignalMessage {
  const reader = new WireReader(payload, 'SendSignal')
  let targetInvocationId = ''
  let signal: SignalKey | undefined
  let result: Result | VoidResult | undefined
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        targetInvocationId = reader.string()
        break
      case 2:
        signal = { kind: 'signal', index: reader.uint32() }
        break
      case 3:
        signal = { kind: 'named-signal', name: reader.string() }
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
      case 12:
        name = reader.string()
        break
      default:
        reader.skip()
    }
  }
  if (signal === undefined) return reader.refuse('no signal')
  if (result === undefined) return reader.refuse('no result')
  return { targetInvocationId, signal, result, name }
}
