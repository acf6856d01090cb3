import type { DeploymentId } from '../../src/core/ids.ts'

/** A deployment id for tests; any text will do here. */
export function deploymentId(text: string): DeploymentId {
  return text as DeploymentId
}
