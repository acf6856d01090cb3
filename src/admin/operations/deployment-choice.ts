import type { DeploymentRecord } from '../../core/deployment.ts'
import type { DeploymentId, InvocationId } from '../../core/ids.ts'
import type { InvocationTarget } from '../../core/invocation.ts'
import type { Schema } from '../../core/schema.ts'
import { AdminDeploymentChoice } from '../../errors/admin.ts'
import { BadId } from '../../errors/protocol.ts'
import { parseDeploymentId } from '../../protocol/ids/deployment-id.ts'
import type { Refusal } from './refusal.ts'

/** Which deployment an invocation should go on with. */
export type DeploymentChoice = 'keep' | MoveChoice

export type MoveChoice = 'latest' | { readonly id: DeploymentId }

/** The operations that can move an invocation to another deployment. */
export type MovingOperation = 'resume' | 'restart-as-new'

/** Reads `keep`, `latest` (both also with a capital) or an id. `where` begins the error text. */
export function parseDeploymentChoice(text: string, where: 'query parameter' | 'request field'): DeploymentChoice {
  if (text === 'keep' || text === 'Keep') return 'keep'
  if (text === 'latest' || text === 'Latest') return 'latest'
  try {
    return { id: parseDeploymentId(text) }
  } catch (error) {
    if (!(error instanceof BadId)) throw error
    throw new AdminDeploymentChoice(`The ${where} 'deployment' is invalid. Reason: ${error.reason}`, { cause: error })
  }
}

/** A choice as the audit log shows it. */
export function choiceText(choice: DeploymentChoice): string {
  return typeof choice === 'string' ? choice : choice.id
}

/**
 * The chosen deployment, if it has the handler of the invocation. The peer does not ask for the handler; its attempts
 * then fail one after the other.
 */
export function findDeployment(
  schema: Schema,
  choice: MoveChoice,
  operation: MovingOperation,
  { id, target }: { readonly id: InvocationId; readonly target: InvocationTarget },
): DeploymentRecord | Refusal {
  const { service, handler } = target
  const deployment = choice === 'latest' ? schema.service(service)?.deployment : schema.deployment(choice.id)
  if (deployment === undefined) {
    const doing = operation === 'resume' ? 'resume' : 'restart as new'
    return refused(`The given deployment was not found when trying to ${doing} the invocation '${id}'.`)
  }
  if (schema.handlerOf(deployment.id, service, handler) === undefined) {
    return refused(
      `The chosen deployment '${deployment.id}' does not have the handler '${service}/${handler}' of the invocation '${id}'.`,
    )
  }
  return deployment
}

/** A journal is replayed under the protocol version that it was written under. */
export function checkVersion(deployment: DeploymentRecord, version: number, id: InvocationId): Refusal | undefined {
  const { minProtocolVersion: min, maxProtocolVersion: max } = deployment
  if (version >= min && version <= max) return undefined
  return refused(
    `The invocation '${id}' is running on protocol version '${version}', while the chosen deployment '${deployment.id}' supports the range ${min}..=${max}.`,
  )
}

export function refused(text: string): Refusal {
  return { error: new AdminDeploymentChoice(text), inBatch: text }
}
