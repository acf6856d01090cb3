import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

const emptyBytes = Buffer.alloc(0)

/** Removes a value of state. */
export interface ClearStateMessage {
  readonly key: Uint8Array
  readonly name: string
}

export function encodeClearState(message: ClearStateMessage): Buffer {
  const writer = new WireWriter()
  writer.bytes(1, message.key)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeClearState(payload: Uint8Array): ClearStateMessage {
  const reader = new WireReader(payload, 'ClearState')
  let key: Uint8Array = emptyBytes
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes()
        break
      case 12:
        name = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return { key, name }
}
