import type { Signal } from '../commands/command.ts'
import type { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import { deliver } from '../lifecycle/signal.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

/** Sends a signal to another invocation, or completes its awakeable, and does not wait. */
export function sendSignal(
  turn: Turn,
  invocation: Invocation,
  payload: Uint8Array,
  entryType: EntryType,
  signal: Signal,
): void {
  appendRecord(turn, invocation, payload, entryType)
  deliver(turn, signal)
}
