import type { WireReader } from '../wire-reader.ts'
import { varintBytes, type WireWriter } from '../wire-writer.ts'

const empty = Buffer.alloc(0)

/** `StateEntry {1 key bytes, 2 value bytes}` */
export interface StateEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export function writeStateEntries(writer: WireWriter, field: number, entries: readonly StateEntry[]): void {
  for (const { key, value } of entries) {
    writer.messageHeader(field, bytesFieldSize(key.length) + bytesFieldSize(value.length))
    writer.bytes(1, key)
    writer.bytes(2, value)
  }
}

function bytesFieldSize(length: number): number {
  return length === 0 ? 0 : 1 + varintBytes(length) + length
}

export function readStateEntry(parent: WireReader): StateEntry {
  parent.countElement()
  const reader = parent.message('StateEntry')
  let key: Uint8Array = empty
  let value: Uint8Array = empty
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        key = reader.bytes()
        break
      case 2:
        value = reader.bytes()
        break
      default:
        reader.skip()
    }
  }
  return { key, value }
}
