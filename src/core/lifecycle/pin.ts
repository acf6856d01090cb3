import type { Invocation, PinnedDeployment } from '../invocation.ts'
import type { Turn } from '../turn.ts'

/**
 * The first entry that is stored binds the invocation to the code that produced it: only that code is sure
 * to replay it.
 */
export function pin(turn: Turn, invocation: Invocation, deployment: PinnedDeployment): void {
  if (invocation.pinned !== undefined) return
  turn.emit({ type: 'deployment-pinned', seq: invocation.seq, pinned: deployment })
}
