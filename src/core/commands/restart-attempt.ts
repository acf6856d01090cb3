import { startAttempt } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import type { RestartAttempt } from './command.ts'

/** The attempt that ran when the server ended is gone; another one takes its place. */
export function restartAttempt(turn: Turn, command: RestartAttempt): void {
  const invocation = turn.state.get(command.seq)
  if (invocation?.status === 'invoked') startAttempt(turn, invocation)
}
