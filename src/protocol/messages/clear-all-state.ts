import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Removes all state of the object. */
export interface ClearAllStateMessage {
  readonly name: string
}

export function encodeClearAllState(message: ClearAllStateMessage): Buffer {
  const writer = new WireWriter()
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeClearAllState(payload: Uint8Array): ClearAllStateMessage {
  const reader = new WireReader(payload, 'ClearAllState')
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 12:
        name = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return { name }
}
