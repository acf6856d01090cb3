import { type Result, readFailureResult, readSuccess, writeResult } from '../values/result.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Completes a promise of the workflow. */
export interface CompletePromiseMessage {
  readonly key: string
  readonly completion: Result
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeCompletePromise(message: CompletePromiseMessage): Buffer {
  const writer = new WireWriter()
  writer.string(1, message.key)
  writeResult(writer, 2, 3, message.completion)
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeCompletePromise(payload: Uint8Array): CompletePromiseMessage {
  const reader = new WireReader(payload, 'CompletePromise')
  let key = ''
  let completion: Result | undefined
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = reader.string()
        break
      case 2:
        completion = readSuccess(reader)
        break
      case 3:
        completion = readFailureResult(reader)
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
  if (completion === undefined) return reader.refuse('no completion')
  return { key, completion, resultCompletionId, name }
}
