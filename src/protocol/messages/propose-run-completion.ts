import { writeFailure } from '../values/failure.ts'
import { type Result, readFailureResult } from '../values/result.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** The result of a run, to be made durable. Its value is plain bytes, not the `Value` that RunCompletion has. */
export interface ProposeRunCompletionMessage {
  readonly resultCompletionId: number
  readonly result: Result
}

export function encodeProposeRunCompletion(message: ProposeRunCompletionMessage): Buffer {
  const writer = new WireWriter()
  writer.uint32(1, message.resultCompletionId)
  if (message.result.kind === 'value') writer.optionalBytes(14, message.result.value)
  else writeFailure(writer, 15, message.result.failure)
  return writer.finish()
}

export function decodeProposeRunCompletion(payload: Uint8Array): ProposeRunCompletionMessage {
  const reader = new WireReader(payload, 'ProposeRunCompletion')
  let resultCompletionId = 0
  let result: Result | undefined
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        resultCompletionId = reader.uint32()
        break
      case 14:
        result = { kind: 'value', value: reader.bytes() }
        break
      case 15:
        result = readFailureResult(reader)
        break
      default:
        reader.skip()
    }
  }
  if (result === undefined) return reader.refuse('no result')
  return { resultCompletionId, result }
}
