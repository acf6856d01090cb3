import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Marks a side effect; its result follows as a proposal. */
export interface RunMessage {
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeRun(message: RunMessage): Buffer {
  const writer = new WireWriter()
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeRun(payload: Uint8Array): RunMessage {
  const reader = new WireReader(payload, 'Run')
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
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
  return { resultCompletionId, name }
}
