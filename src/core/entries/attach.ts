import { EntryType } from '../entry-type.ts'
import type { InvocationId } from '../ids.ts'
import type { Invocation } from '../invocation.ts'
import type { NotificationResult } from '../journal.ts'
import { isGone } from '../lifecycle/expiry.ts'
import { answer } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

interface TargetedCommand {
  readonly target: InvocationId
  readonly completionId: number
}

const notFound: NotificationResult = { kind: 'failure', failure: { code: 404, message: 'not found' } }

/** Waits for the result of any invocation. */
export function attach(turn: Turn, invocation: Invocation, payload: Uint8Array, command: TargetedCommand): void {
  const { completionId } = command
  appendRecord(turn, invocation, payload, EntryType.AttachInvocation, [completionId])
  const target = existing(turn, command.target)
  if (target === undefined || target.result !== undefined) {
    answer(turn, invocation, EntryType.AttachInvocationCompletion, completionId, target?.result ?? notFound)
    return
  }
  const sink = { caller: invocation.id, completionId, notificationType: EntryType.AttachInvocationCompletion }
  turn.emit({ type: 'sink-added', seq: target.seq, sink })
}

/** Tells the result of any invocation, or that there is none yet. */
export function getOutput(turn: Turn, invocation: Invocation, payload: Uint8Array, command: TargetedCommand): void {
  const { completionId } = command
  appendRecord(turn, invocation, payload, EntryType.GetInvocationOutput, [completionId])
  const target = existing(turn, command.target)
  const result = target === undefined ? notFound : (target.result ?? ({ kind: 'void' } as const))
  answer(turn, invocation, EntryType.GetInvocationOutputCompletion, completionId, result)
}

function existing(turn: Turn, id: InvocationId): Invocation | undefined {
  const target = turn.state.find(id)
  return target === undefined || isGone(turn.state, target, turn.now) ? undefined : target
}
