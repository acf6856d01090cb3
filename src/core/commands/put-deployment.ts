import type { Turn } from '../turn.ts'
import type { PutDeployment } from './command.ts'

/** Adds a deployment, or replaces the one with its id. What may be put has been decided by the registry. */
export function putDeployment(turn: Turn, command: PutDeployment): void {
  turn.emit({ type: 'deployment-put', deployment: command.deployment })
}
