import { readSuccess, type Success, type VoidResult, voidResult } from '../values/result.ts'
import { writeValue } from '../values/value.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

const emptyBytes = Buffer.alloc(0)

/** Records a value of state that the SDK knew from Start; `void` if there was none. */
export interface GetEagerStateMessage {
  readonly key: Uint8Array
  readonly result: Success | VoidResult
  readonly name: string
}

export function encodeGetEagerState(message: GetEagerStateMessage): Buffer {
  const writer = new WireWriter()
  writer.bytes(1, message.key)
  writer.string(12, message.name)
  if (message.result.kind === 'void') writer.emptyMessage(13)
  else writeValue(writer, 14, message.result.value)
  return writer.finish()
}

export function decodeGetEagerState(payload: Uint8Array): GetEagerStateMessage {
  const reader = new WireReader(payload, 'GetEagerState')
  let key: Uint8Array = emptyBytes
  let result: Success | VoidResult | undefined
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes()
        break
      case 12:
        name = reader.string()
        break
      case 13:
        reader.void()
        result = voidResult
        break
      case 14:
        result = readSuccess(reader)
        break
      default:
        reader.skip()
    }
  }
  if (result === undefined) return reader.refuse('no result')
  return { key, result, name }
}
