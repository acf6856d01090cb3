import type { Invocation } from '../invocation.ts'
import { complete, endBeforeStart } from '../lifecycle/complete.ts'
import type { Turn } from '../turn.ts'

/**
 * Ends an invocation with 409 "killed", and before it the calls that it waits for, and theirs. What it has
 * only sent lives on. State stays as it is; the key of an object is free again.
 */
export function kill(turn: Turn, invocation: Invocation): void {
  if (invocation.status === 'completed') {
    turn.outcome = 'already-completed'
    return
  }
  for (const one of withCallees(turn, invocation)) killOne(turn, one)
  turn.outcome = 'done'
}

function killOne(turn: Turn, invocation: Invocation): void {
  switch (invocation.status) {
    case 'completed':
      return
    case 'scheduled':
    case 'inboxed':
      endBeforeStart(turn, invocation, 'killed')
      return
    default:
      complete(turn, invocation, { kind: 'failure', failure: { code: 409, message: 'killed' } })
      turn.effect({ type: 'abort', invocation })
  }
}

/** Everything that is waited for, callees before callers. A list, because chains may be longer than the stack. */
function withCallees(turn: Turn, root: Invocation): Invocation[] {
  const found = new Set<Invocation>([root])
  for (const invocation of found) {
    for (const { callee } of invocation.calls) {
      const called = turn.state.find(callee)
      if (called !== undefined) found.add(called)
    }
  }
  return [...found].reverse()
}
