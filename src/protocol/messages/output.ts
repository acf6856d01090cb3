import { type Result, readFailureResult, readSuccess, writeResult } from '../values/result.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** The result of the handler. The last one before End counts. */
export interface OutputMessage {
  readonly result: Result
  readonly name: string
}

export function encodeOutput(message: OutputMessage): Buffer {
  const writer = new WireWriter()
  writer.string(12, message.name)
  writeResult(writer, 14, 15, message.result)
  return writer.finish()
}

export function decodeOutput(payload: Uint8Array): OutputMessage {
  const reader = new WireReader(payload, 'Output')
  let result: Result | undefined
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 12:
        name = reader.string()
        break
      case 14:
        result = readSuccess(reader)
        break
      case 15:
        result = readFailureResult(reader)
        break
      default:
        reader.skip()
    }
  }
  if (result === undefined) return reader.refuse('no result')
  return { result, name }
}
