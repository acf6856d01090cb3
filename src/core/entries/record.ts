import type { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import type { Turn } from '../turn.ts'

/** A command of which nothing follows but that it is replayed. */
export function appendRecord(turn: Turn, invocation: Invocation, payload: Uint8Array, type: EntryType): void {
  turn.emit({
    type: 'entry-appended',
    seq: invocation.seq,
    entry: { kind: 'command', type, payload, appendedAt: turn.now },
  })
}
