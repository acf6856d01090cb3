import type { Invocation, NewInvocation, ResponseSink } from '../invocation.ts'
import type { Turn } from '../turn.ts'
import { isExpired } from './expiry.ts'
import { notifySink } from './notify.ts'

export interface Creation {
  readonly invocation: Invocation
  readonly isNew: boolean
}

/**
 * Creates an invocation, or finds the one with its id: the id is the deduplication key. A sink is added
 * to what is found, or answered at once if that has completed.
 */
export function createOrFind(turn: Turn, request: NewInvocation, sink: ResponseSink | undefined): Creation {
  const { state, now } = turn
  const found = request.fresh === true ? state.findHot(request.id) : state.find(request.id)
  if (found !== undefined && !isExpired(found, now)) {
    if (sink !== undefined) {
      if (found.result !== undefined) notifySink(turn, sink, found.result)
      else turn.emit({ type: 'sink-added', seq: found.seq, sink })
    }
    return { invocation: found, isNew: false }
  }
  if (found !== undefined) turn.emit({ type: 'invocation-purged', seq: found.seq })

  const seq = state.nextSeq
  const scheduled = request.executionTime !== undefined && request.executionTime > now
  turn.emit({ type: 'invocation-created', seq, at: now, scheduled, invocation: request })
  if (sink !== undefined) turn.emit({ type: 'sink-added', seq, sink })
  const invocation = state.get(seq)
  if (invocation === undefined) throw new Error('invariant: a created invocation exists')
  if (scheduled && request.executionTime !== undefined) {
    turn.effect({ type: 'arm-timer', timer: { kind: 'start', seq, at: request.executionTime } })
  } else {
    turn.effect({ type: 'start-attempt', invocation, journalLength: 1, first: true })
  }
  return { invocation, isNew: true }
}
