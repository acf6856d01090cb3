import { EntryType } from '../entry-type.ts'
import { answer, hasNotification } from '../lifecycle/notify.ts'
import { pin } from '../lifecycle/pin.ts'
import type { Turn } from '../turn.ts'
import type { ProposeRun } from './command.ts'

/** Stores the result of a side effect. The first result counts; a repeated proposal changes nothing. */
export function proposeRun(turn: Turn, command: ProposeRun): void {
  const invocation = turn.state.get(command.seq)
  if (invocation?.status !== 'invoked') return
  if (hasNotification(invocation, { kind: 'completion', id: command.completionId })) return
  pin(turn, invocation, command.deployment)
  answer(turn, invocation, EntryType.RunCompletion, command.completionId, command.result)
}
