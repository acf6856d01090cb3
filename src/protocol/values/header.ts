import type { WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'

/** `Header {1 key string, 2 value string}`, also the shape of a failure's metadata. */
export type Header = readonly [name: string, value: string]

export function writeHeaders(writer: WireWriter, field: number, headers: readonly Header[]): void {
  for (const [name, value] of headers) {
    const mark = writer.beginMessage(field)
    writer.string(1, name)
    writer.string(2, value)
    writer.endMessage(mark)
  }
}

export function readHeader(parent: WireReader): Header {
  parent.countElement()
  const reader = parent.message('Header')
  let name = ''
  let value = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        name = reader.string()
        break
      case 2:
        value = reader.string()
        break
      default:
        reader.skip()
    }
  }
  return [name, value]
}
