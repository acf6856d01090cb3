import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

const emptyBytes = Buffer.alloc(0)

/** Reads a value of state that Start did not carry. */
export interface GetLazyStateMessage {
  readonly key: Uint8Array
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeGetLazyState(message: GetLazyStateMessage): Buffer {
  const writer = new WireWriter()
  writer.bytes(1, message.key)
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeGetLazyState(payload: Uint8Array): GetLazyStateMessage {
  const reader = new WireReader(payload, 'GetLazyState')
  let key: Uint8Array = emptyBytes
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes()
        break
      case 11:
        resultCompletionId = reader.uint32()
        break
      case 12:
        name = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return { key, resultCompletionId, name }
}
