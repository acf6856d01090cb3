import type { WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'

/** `StateKeys {1 keys repeated bytes}`. Written even if there are none. */
export function writeStateKeys(writer: WireWriter, field: number, keys: readonly Uint8Array[]): void {
  const mark = writer.beginMessage(field)
  writer.repeatedBytes(1, keys)
  writer.endMessage(mark)
}

export function readStateKeys(parent: WireReader): readonly Uint8Array[] {
  const reader = parent.message('StateKeys')
  const keys: Uint8Array[] = []
  while (reader.next()) {
    if (reader.field !== 1) reader.skip()
    else {
      reader.countElement()
      keys.push(reader.bytes())
    }
  }
  return keys
}
