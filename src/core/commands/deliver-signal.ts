import { deliver } from '../lifecycle/signal.ts'
import type { Turn } from '../turn.ts'
import type { DeliverSignal } from './command.ts'

/** A signal from outside. Whether anybody wanted it is not told. */
export function deliverSignal(turn: Turn, command: DeliverSignal): void {
  deliver(turn, command.signal)
}
