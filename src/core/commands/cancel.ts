import type { Invocation } from '../invocation.ts'
import { cancelInvocation } from '../lifecycle/signal.ts'
import type { Turn } from '../turn.ts'

/** Asks an invocation to stop. Its handler decides what that means, and tells the calls that it waits for. */
export function cancel(turn: Turn, invocation: Invocation): void {
  turn.outcome = cancelInvocation(turn, invocation)
}
