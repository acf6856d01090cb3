import type { WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import { type Header, readHeader, writeHeaders } from './header.ts'

/** `Failure {1 code uint32, 2 message string, 3 metadata}`. Metadata exists from protocol V6 on. */
export interface Failure {
  readonly code: number
  readonly message: string
  /** Absent when there is none. */
  readonly metadata?: readonly Header[]
}

export function writeFailure(writer: WireWriter, field: number, failure: Failure): void {
  const mark = writer.beginMessage(field)
  writer.uint32(1, failure.code)
  writer.string(2, failure.message)
  if (failure.metadata !== undefined) writeHeaders(writer, 3, failure.metadata)
  writer.endMessage(mark)
}

export function readFailure(parent: WireReader): Failure {
  const reader = parent.message('Failure')
  let code = 0
  let message = ''
  const metadata: Header[] = []
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        code = reader.uint32()
        break
      case 2:
        message = reader.string()
        break
      case 3:
        metadata.push(readHeader(reader))
        break
      default:
        reader.skip()
    }
  }
  return metadata.length === 0 ? { code, message } : { code, message, metadata }
}
