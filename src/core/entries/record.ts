import type { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import type { Turn } from '../turn.ts'

const none: readonly number[] = []

/** Appends a command. `completionIds`: under which ids it will be completed. */
export function appendRecord(
  turn: Turn,
  invocation: Invocation,
  payload: Uint8Array,
  type: EntryType,
  completionIds: readonly number[] = none,
): void {
  turn.emit({
    type: 'entry-appended',
    seq: invocation.seq,
    entry: { kind: 'command', type, payload, completionIds, appendedAt: turn.now },
  })
}
