import type { Invocation, InvocationTarget } from '../invocation.ts'
import type { Keyed } from '../keyed.ts'
import type { Turn } from '../turn.ts'

/** Starts the first attempt, or queues an exclusive invocation whose key is held by another. */
export function begin(turn: Turn, invocation: Invocation): void {
  const { seq } = invocation
  const keyed = exclusiveKey(turn, invocation.target)
  if (keyed !== undefined) {
    if (keyed.holder !== undefined || keyed.queue.length > 0) {
      turn.emit({ type: 'invocation-queued', seq, at: turn.now, order: turn.state.nextOrder })
      return
    }
    turn.emit({ type: 'key-taken', seq })
  }
  if (invocation.status !== 'invoked') turn.emit({ type: 'invocation-started', seq, at: turn.now })
  firstAttempt(turn, invocation)
}

/** Gives the key of an exclusive invocation to the next in its queue. State mutations have their turn on the way. */
export function releaseKey(turn: Turn, invocation: Invocation): void {
  const keyed = exclusiveKey(turn, invocation.target)
  if (keyed === undefined || keyed.holder !== invocation.seq) return
  turn.emit({ type: 'key-released', seq: invocation.seq })
  serveQueue(turn, keyed)
}

/** Lets everything at the head of a free key's queue have its turn, up to the first invocation. */
export function serveQueue(turn: Turn, keyed: Keyed): void {
  for (;;) {
    const { head } = keyed.queue
    if (head === undefined || keyed.holder !== undefined) return
    if (head.kind === 'invocation') {
      const next = turn.state.get(head.seq)
      if (next === undefined) throw new Error('invariant: what is queued exists')
      turn.emit({ type: 'key-taken', seq: next.seq })
      turn.emit({ type: 'invocation-started', seq: next.seq, at: turn.now })
      firstAttempt(turn, next)
      return
    }
    const { order, version, state } = head.mutation
    const fits = version === undefined || version === turn.state.policies.versionOf(keyed.state)
    const { service, key } = keyed
    turn.emit({ type: 'mutation-applied', service, key, order, state: fits ? state : undefined })
  }
}

function firstAttempt(turn: Turn, invocation: Invocation): void {
  turn.effect({ type: 'start-attempt', invocation, journalLength: invocation.journal.length, first: true })
}

/** The key that an invocation of this target must hold; only exclusive handlers of objects hold one. */
function exclusiveKey(turn: Turn, target: InvocationTarget): Keyed | undefined {
  if (target.handlerType !== 'Exclusive' || target.key === undefined) return undefined
  return turn.state.keyed(target.service, target.key)
}
