import { type Header, readHeader, writeHeaders } from '../values/header.ts'
import { readValue, writeValue } from '../values/value.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** What the handler was called with; the first entry of every journal. */
export interface InputMessage {
  readonly headers: readonly Header[]
  /** The body; empty, but present, for a call without one. */
  readonly value: Uint8Array
  readonly name: string
}

export function encodeInput(message: InputMessage): Buffer {
  const writer = new WireWriter()
  writeHeaders(writer, 1, message.headers)
  writer.string(12, message.name)
  writeValue(writer, 14, message.value)
  return writer.finish()
}

export function decodeInput(payload: Uint8Array): InputMessage {
  const reader = new WireReader(payload, 'Input')
  const headers: Header[] = []
  let value: Uint8Array | undefined
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        headers.push(readHeader(reader))
        break
      case 12:
        name = reader.string()
        break
      case 14:
        value = readValue(reader)
        break
      default:
        reader.skip()
    }
  }
  if (value === undefined) return reader.refuse('no value')
  return { headers, value, name }
}
