import { isGone } from '../lifecycle/expiry.ts'
import type { Turn } from '../turn.ts'
import { cancel } from './cancel.ts'
import type { Operation } from './command.ts'
import { kill } from './kill.ts'
import { pause } from './pause.ts'
import { purge } from './purge.ts'
import { restartAsNew } from './restart-as-new.ts'
import { resume } from './resume.ts'

/** What an operator asks of one invocation; the turn's outcome says what became of it. */
export function operate(turn: Turn, operation: Operation): void {
  const invocation = turn.state.find(operation.id)
  if (invocation === undefined || isGone(turn.state, invocation, turn.now)) {
    turn.outcome = 'not-found'
    return
  }
  switch (operation.type) {
    case 'cancel':
      cancel(turn, invocation)
      break
    case 'kill':
      kill(turn, invocation)
      break
    case 'purge':
      purge(turn, invocation, operation.what)
      break
    case 'pause':
      pause(turn, invocation)
      break
    case 'resume':
      resume(turn, invocation, operation)
      break
    case 'restart-as-new':
      restartAsNew(turn, invocation, operation)
  }
}
