import { appendEntry } from './commands/append-entry.ts'
import type { Command } from './commands/command.ts'
import { deliverSignal } from './commands/deliver-signal.ts'
import { end } from './commands/end.ts'
import { expire } from './commands/expire.ts'
import { failAttempt } from './commands/fail-attempt.ts'
import { fireTimer } from './commands/fire-timer.ts'
import { invoke } from './commands/invoke.ts'
import { mutateState } from './commands/mutate-state.ts'
import { operate } from './commands/operate.ts'
import { proposeRun } from './commands/propose-run.ts'
import { putDeployment } from './commands/put-deployment.ts'
import { removeDeployment } from './commands/remove-deployment.ts'
import { restartAttempt } from './commands/restart-attempt.ts'
import { suspend } from './commands/suspend.ts'
import type { PartitionState } from './state.ts'
import { Turn } from './turn.ts'

/**
 * Decides one command: what happens (events, already applied to `state`) and what is to be done once that
 * is in the log (effects). Commands that come late or make no sense any more decide nothing.
 */
export function decide(command: Command, state: PartitionState): Turn {
  const turn = new Turn(state, command.now)
  switch (command.type) {
    case 'invoke':
      invoke(turn, command)
      break
    case 'append-entry':
      appendEntry(turn, command)
      break
    case 'propose-run':
      proposeRun(turn, command)
      break
    case 'suspend':
      suspend(turn, command)
      break
    case 'end':
      end(turn, command)
      break
    case 'fail-attempt':
      failAttempt(turn, command)
      break
    case 'fire-timer':
      fireTimer(turn, command)
      break
    case 'expire':
      expire(turn, command)
      break
    case 'restart-attempt':
      restartAttempt(turn, command)
      break
    case 'deliver-signal':
      deliverSignal(turn, command)
      break
    case 'cancel':
    case 'kill':
    case 'purge':
    case 'pause':
    case 'resume':
    case 'restart-as-new':
      operate(turn, command)
      break
    case 'mutate-state':
      mutateState(turn, command)
      break
    case 'put-deployment':
      putDeployment(turn, command)
      break
    case 'remove-deployment':
      removeDeployment(turn, command)
      break
    default:
      unreachable(command)
  }
  return turn
}

function unreachable(command: never): never {
  throw new Error(`invariant: unknown command ${JSON.stringify(command)}`)
}
