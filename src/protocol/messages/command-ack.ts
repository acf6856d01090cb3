import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** The command at this position among the commands, Input being 0, is durable. Only sent when asked for. */
export interface CommandAckMessage {
  readonly commandIndex: number
}

export function encodeCommandAck(message: CommandAckMessage): Buffer {
  const writer = new WireWriter()
  writer.uint32(1, message.commandIndex)
  return writer.finish()
}

export function decodeCommandAck(payload: Uint8Array): CommandAckMessage {
  const reader = new WireReader(payload, 'CommandAck')
  let commandIndex = 0
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        commandIndex = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  return { commandIndex }
}
