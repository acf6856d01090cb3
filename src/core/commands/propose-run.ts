import { EntryType } from '../entry-type.ts'
import { hasCompletion, notify } from '../lifecycle/notify.ts'
import { pin } from '../lifecycle/pin.ts'
import type { Turn } from '../turn.ts'
import type { ProposeRun } from './command.ts'

/** Stores the result of a side effect. The first result counts; a repeated proposal changes nothing. */
export function proposeRun(turn: Turn, command: ProposeRun): void {
  const invocation = turn.state.get(command.seq)
  if (invocation?.status !== 'invoked') return
  if (hasCompletion(invocation, command.completionId)) return
  pin(turn, invocation, command.deployment)
  notify(turn, invocation, EntryType.RunCompletion, { kind: 'completion', id: command.completionId }, command.result)
}
