import { readStateKeys, writeStateKeys } from '../values/state-keys.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Records the keys of state that the SDK knew from Start. */
export interface GetEagerStateKeysMessage {
  readonly keys: readonly Uint8Array[]
  readonly name: string
}

export function encodeGetEagerStateKeys(message: GetEagerStateKeysMessage): Buffer {
  const writer = new WireWriter()
  writer.string(12, message.name)
  writeStateKeys(writer, 14, message.keys)
  return writer.finish()
}

export function decodeGetEagerStateKeys(payload: Uint8Array): GetEagerStateKeysMessage {
  const reader = new WireReader(payload, 'GetEagerStateKeys')
  let keys: readonly Uint8Array[] | undefined
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 12:
        name = reader.string()
        break
      case 14:
        keys = readStateKeys(reader)
        break
      default:
        reader.skip()
    }
  }
  if (keys === undefined) return reader.refuse('no keys')
  return { keys, name }
}
