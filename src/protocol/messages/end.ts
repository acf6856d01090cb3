import { WireReader } from '../wire-reader.ts'

/** The attempt is over; the last Output is the result. */
export type EndMessage = Record<string, never>

const emptyPayload = Buffer.alloc(0)

export function encodeEnd(_message: EndMessage = {}): Buffer {
  return emptyPayload
}

export function decodeEnd(payload: Uint8Array): EndMessage {
  const reader = new WireReader(payload, 'End')
  while (reader.next()) reader.skip()
  return {}
}
