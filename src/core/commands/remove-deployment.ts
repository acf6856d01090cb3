import type { Turn } from '../turn.ts'
import type { RemoveDeployment } from './command.ts'

/** Invocations that are pinned to the deployment stay, and fail each attempt until it is back. */
export function removeDeployment(turn: Turn, command: RemoveDeployment): void {
  if (turn.state.schema.deployment(command.deploymentId) === undefined) return
  turn.emit({ type: 'deployment-removed', deploymentId: command.deploymentId })
}
