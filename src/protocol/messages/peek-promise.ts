import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Asks whether a promise of the workflow is completed. */
export interface PeekPromiseMessage {
  readonly key: string
  readonly resultCompletionId: number
  readonly name: string
}

export function encodePeekPromise(message: PeekPromiseMessage): Buffer {
  const writer = new WireWriter()
  writer.string(1, message.key)
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodePeekPromise(payload: Uint8Array): PeekPromiseMessage {
  const reader = new WireReader(payload, 'PeekPromise')
  let key = ''
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = reader.string()
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
