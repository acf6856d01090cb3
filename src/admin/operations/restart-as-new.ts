import type { RestartAsNew } from '../../core/commands/command.ts'
import type { InvocationId } from '../../core/ids.ts'
import type { Invocation } from '../../core/invocation.ts'
import type { Schema } from '../../core/schema.ts'
import { invocationVersion } from '../../protocol/content-type.ts'
import { checkVersion, type DeploymentChoice, findDeployment, refused } from './deployment-choice.ts'
import { type Refusal, type RefusedOutcome, refusalOf } from './refusal.ts'

/** What a restart asks for. `from` is the index of the last entry of the journal that is kept. */
export interface Restart {
  readonly newId: InvocationId
  readonly from: number
  readonly deployment: DeploymentChoice
  /** The newest protocol version that this server starts invocations with. */
  readonly newestVersion: number
}

/**
 * The command of a restart. What has not ended is refused before the deployment is looked at, as the peer does; the core
 * has the last word on the invocation.
 */
export function restartCommand(
  schema: Schema,
  id: InvocationId,
  invocation: Invocation | undefined,
  restart: Restart,
  now: number,
): RestartAsNew | Refusal {
  const refuse = (outcome: RefusedOutcome) => refusalOf('restart-as-new', outcome, id)
  if (invocation === undefined) return refuse('not-found')
  const { status } = invocation
  if (status === 'scheduled' || status === 'inboxed') return refuse('not-started')
  if (status !== 'completed') return refuse('still-running')

  const deployment = deploymentOf(schema, invocation, restart)
  if (typeof deployment === 'object' && 'error' in deployment) return deployment
  return { type: 'restart-as-new', now, id, newId: restart.newId, from: restart.from, deployment }
}

function deploymentOf(
  schema: Schema,
  invocation: Invocation,
  { deployment: choice, from, newestVersion }: Restart,
): RestartAsNew['deployment'] | Refusal {
  const { id, pinned } = invocation
  if (choice === 'keep') {
    if (pinned === undefined) return 'keep'
    const kept = findDeployment(schema, { id: pinned.deploymentId }, 'restart-as-new', invocation)
    return 'error' in kept ? kept : 'keep'
  }
  const deployment = findDeployment(schema, choice, 'restart-as-new', invocation)
  if ('error' in deployment) return deployment
  if (from > 0 && pinned !== undefined) {
    const { protocolVersion } = pinned
    return checkVersion(deployment, protocolVersion, id) ?? { deploymentId: deployment.id, protocolVersion }
  }
  // From the input alone there is nothing to replay: the version is that of a new invocation.
  if (choice === 'latest') return 'latest'
  const { minProtocolVersion: min, maxProtocolVersion: max } = deployment
  const protocolVersion = invocationVersion(min, max, newestVersion)
  if (protocolVersion !== undefined) return { deploymentId: deployment.id, protocolVersion }
  return refused(
    `The chosen deployment '${deployment.id}' supports protocol versions ${min}..=${max}, and this server starts invocations with none of them.`,
  )
}
