import { readValue, writeValue } from '../values/value.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

const emptyBytes = Buffer.alloc(0)

/** Writes a value of state. */
export interface SetStateMessage {
  readonly key: Uint8Array
  /** Required: a value that is missing is not an empty one. */
  readonly value: Uint8Array
  readonly name: string
}

export function encodeSetState(message: SetStateMessage): Buffer {
  const writer = new WireWriter()
  writer.bytes(1, message.key)
  writeValue(writer, 3, message.value)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeSetState(payload: Uint8Array): SetStateMessage {
  const reader = new WireReader(payload, 'SetState')
  let key: Uint8Array = emptyBytes
  let value: Uint8Array | undefined
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes()
        break
      case 3:
        value = readValue(reader)
        break
      case 12:
        name = reader.string()
        break
      default:
        reader.skip()
    }
  }
  if (value === undefined) return reader.refuse('no value')
  return { key, value, name }
}
