import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import type { Result } from '../journal.ts'
import type { Turn } from '../turn.ts'

/** The handler's result. It is published only by End, so that a failing end of the attempt publishes nothing. */
export function appendOutput(turn: Turn, invocation: Invocation, payload: Uint8Array, result: Result): void {
  turn.emit({
    type: 'output-appended',
    seq: invocation.seq,
    entry: { kind: 'command', type: EntryType.Output, payload, completionIds: [], appendedAt: turn.now },
    result,
  })
}
