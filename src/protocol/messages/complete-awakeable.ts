import { type Result, readFailureResult, readSuccess, writeResult } from '../values/result.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Completes an awakeable of any invocation. */
export interface CompleteAwakeableMessage {
  readonly awakeableId: string
  readonly result: Result
  readonly name: string
}

export function encodeCompleteAwakeable(message: CompleteAwakeableMessage): Buffer {
  const writer = new WireWriter()
  writer.string(1, message.awakeableId)
  writeResult(writer, 2, 3, message.result)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeCompleteAwakeable(payload: Uint8Array): CompleteAwakeableMessage {
  const reader = new WireReader(payload, 'CompleteAwakeable')
  let awakeableId = ''
  let result: Result | undefined
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        awakeableId = reader.string()
        break
      case 2:
        result = readSuccess(reader)
        break
      case 3:
        result = readFailureResult(reader)
        break
      case 12:
        name = reader.string()
        break
      default:
        reader.skip()
    }
  }
  if (result === undefined) return reader.refuse('no result')
  return { awakeableId, result, name }
}
