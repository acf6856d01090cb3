import type { WireReader } from '../wire-reader.ts'
import { varintBytes, type WireWriter } from '../wire-writer.ts'

const emptyContent = Buffer.alloc(0)

/** `Value {1 content bytes}`. Written even if it is empty: an empty value is not the same as none. */
export function writeValue(writer: WireWriter, field: number, content: Uint8Array): void {
  writer.messageHeader(field, content.length === 0 ? 0 : 1 + varintBytes(content.length) + content.length)
  writer.bytes(1, content)
}

/** The content, a view onto the payload. */
export function readValue(parent: WireReader): Uint8Array {
  const reader = parent.message('Value')
  let content: Uint8Array = emptyContent
  while (reader.next()) {
    if (reader.field === 1) content = reader.bytes()
    else reader.skip()
  }
  return content
}
