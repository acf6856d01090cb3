import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Protocol V7: the proposed result of a run is durable. Takes the place of RunCompletion for the proposing attempt. */
export interface ProposeRunCompletionAckMessage {
  readonly completionId: number
}

export function encodeProposeRunCompletionAck(message: ProposeRunCompletionAckMessage): Buffer {
  const writer = new WireWriter()
  writer.uint32(1, message.completionId)
  return writer.finish()
}

export function decodeProposeRunCompletionAck(payload: Uint8Array): ProposeRunCompletionAckMessage {
  const reader = new WireReader(payload, 'ProposeRunCompletionAck')
  let completionId = 0
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        completionId = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  return { completionId }
}
