import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Asks for the keys of all state. */
export interface GetLazyStateKeysMessage {
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeGetLazyStateKeys(message: GetLazyStateKeysMessage): Buffer {
  const writer = new WireWriter()
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeGetLazyStateKeys(payload: Uint8Array): GetLazyStateKeysMessage {
  const reader = new WireReader(payload, 'GetLazyStateKeys')
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
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
  return { resultCompletionId, name }
}
