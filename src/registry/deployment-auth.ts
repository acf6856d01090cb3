import type { DeploymentAuth } from '../core/deployment.ts'
import { checkAuth } from '../gcp/auth.ts'
import type { AuthRequest } from './requests.ts'

/**
 * The authentication to store for a deployment at `rawUri`, the text as it was given: the audience is taken from that.
 * Throws `GcpAuthInvalid`.
 */
export function deploymentAuth(rawUri: string, asked: AuthRequest): DeploymentAuth {
  const { audience, impersonateServiceAccount } = checkAuth(rawUri, asked)
  return {
    kind: asked.kind,
    audience,
    ...(impersonateServiceAccount === undefined ? {} : { impersonateServiceAccount }),
  }
}

/**
 * The authentication of a deployment after an update: what is asked for; else what it has, if that is possible at
 * `rawUri` too. Throws `GcpAuthInvalid`.
 */
export function updatedAuth(
  rawUri: string,
  current: DeploymentAuth | undefined,
  asked: AuthRequest | null | undefined,
): DeploymentAuth | undefined {
  if (asked === null) return undefined
  const wanted = asked ?? current
  return wanted === undefined ? undefined : deploymentAuth(rawUri, wanted)
}
