import type { EntryType } from '../entry-type.ts'
import type { StateChange } from '../events.ts'
import type { Invocation } from '../invocation.ts'
import type { Turn } from '../turn.ts'

/** Sets or clears state of the invocation's key, now: others see it before the handler ends, and whatever becomes of it. */
export function changeState(
  turn: Turn,
  invocation: Invocation,
  payload: Uint8Array,
  type: EntryType,
  change: StateChange,
): void {
  turn.emit({
    type: 'state-entry-appended',
    seq: invocation.seq,
    entry: { kind: 'command', type, payload, completionIds: [], appendedAt: turn.now },
    change,
  })
}
