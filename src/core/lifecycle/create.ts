import type { Invocation, NewInvocation, ResponseSink } from '../invocation.ts'
import type { FailureResult } from '../journal.ts'
import type { Turn } from '../turn.ts'
import { begin } from './begin.ts'
import { isGone } from './expiry.ts'
import { notifySink } from './notify.ts'

/** What the second caller of a workflow's run gets; the run itself can be attached to. */
export const workflowAlreadyInvoked: FailureResult = {
  kind: 'failure',
  failure: { code: 409, message: 'the workflow method was already invoked' },
}

/**
 * Creates an invocation, or finds the one with its id: the id is the deduplication key. A sink is added
 * to what is found, or answered at once if that has completed.
 */
export function createOrFind(turn: Turn, request: NewInvocation, sink: ResponseSink | undefined): void {
  const { state, now } = turn
  const found = request.fresh === true ? state.findHot(request.id) : state.find(request.id)
  if (found !== undefined && !isGone(state, found, now)) {
    if (sink !== undefined) join(turn, found, sink)
    return
  }
  if (found !== undefined) turn.emit({ type: 'invocation-purged', seq: found.seq })
  const invocation = create(turn, request)
  if (sink !== undefined) turn.emit({ type: 'sink-added', seq: invocation.seq, sink })
  if (invocation.status === 'scheduled' && request.executionTime !== undefined) {
    turn.effect({ type: 'arm-timer', timer: { kind: 'start', seq: invocation.seq, at: request.executionTime } })
  } else {
    begin(turn, invocation)
  }
}

/** The invocation exists; nothing has begun. */
export function create(turn: Turn, request: NewInvocation): Invocation {
  const { state, now } = turn
  const seq = state.nextSeq
  const scheduled = request.executionTime !== undefined && request.executionTime > now
  turn.emit({ type: 'invocation-created', seq, at: now, scheduled, invocation: request })
  const invocation = state.get(seq)
  if (invocation === undefined) throw new Error('invariant: a created invocation exists')
  return invocation
}

function join(turn: Turn, found: Invocation, sink: ResponseSink): void {
  if (found.target.handlerType === 'Workflow') notifySink(turn, sink, workflowAlreadyInvoked)
  else if (found.result !== undefined) notifySink(turn, sink, found.result)
  else turn.emit({ type: 'sink-added', seq: found.seq, sink })
}
