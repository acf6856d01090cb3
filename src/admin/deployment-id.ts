import type { DeploymentId } from '../core/ids.ts'
import { AdminPath } from '../errors/admin.ts'
import { BadId } from '../errors/protocol.ts'
import { parseDeploymentId } from '../protocol/ids/deployment-id.ts'

/** A deployment id from a path. */
export function parseDeploymentIdParameter(text: string): DeploymentId {
  try {
    return parseDeploymentId(text)
  } catch (error) {
    if (!(error instanceof BadId)) throw error
    throw new AdminPath(`Invalid URL: Cannot parse \`deployment\` with value \`${text}\`: ${error.reason}`)
  }
}
