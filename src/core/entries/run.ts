import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

/** The handler is about to run a side effect. Its result comes as a proposal. */
export function appendRun(turn: Turn, invocation: Invocation, payload: Uint8Array, completionId: number): void {
  appendRecord(turn, invocation, payload, EntryType.Run, [completionId])
}
