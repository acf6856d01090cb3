import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Waits until a point in time. */
export interface SleepMessage {
  /** ms since epoch */
  readonly wakeUpTime: number
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeSleep(message: SleepMessage): Buffer {
  const writer = new WireWriter()
  writer.uint64(1, message.wakeUpTime)
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeSleep(payload: Uint8Array): SleepMessage {
  const reader = new WireReader(payload, 'Sleep')
  let wakeUpTime = 0
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        wakeUpTime = reader.uint64()
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
  return { wakeUpTime, resultCompletionId, name }
}
