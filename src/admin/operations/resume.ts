import type { Resume } from '../../core/commands/command.ts'
import type { InvocationId } from '../../core/ids.ts'
import type { Invocation } from '../../core/invocation.ts'
import type { Schema } from '../../core/schema.ts'
import { checkVersion, type DeploymentChoice, findDeployment } from './deployment-choice.ts'
import { type Refusal, type RefusedOutcome, refusalOf } from './refusal.ts'

/**
 * The command of a resume. A choice of deployment is checked against the invocation as it is now, and its state before
 * the deployment, in the order of the peer: what cannot be moved at all is told so whatever the deployment.
 */
export function resumeCommand(
  schema: Schema,
  id: InvocationId,
  invocation: Invocation | undefined,
  choice: DeploymentChoice,
  now: number,
): Resume | Refusal {
  if (choice === 'keep') return { type: 'resume', now, id, deployment: 'keep' }
  const refuse = (outcome: RefusedOutcome) => refusalOf('resume', outcome, id)
  if (invocation === undefined) return refuse('not-found')
  const { pinned } = invocation
  switch (invocation.status) {
    case 'completed':
      return refuse('already-completed')
    case 'scheduled':
    case 'inboxed':
      return refuse('not-started')
    case 'invoked':
      return refuse('still-running')
    case 'suspended':
    case 'paused':
      break
  }
  if (pinned === undefined && choice !== 'latest') return refuse('not-pinned')
  const deployment = findDeployment(schema, choice, 'resume', invocation)
  if ('error' in deployment) return deployment
  if (pinned === undefined) return { type: 'resume', now, id, deployment: 'unpin' }
  const { protocolVersion } = pinned
  return (
    checkVersion(deployment, protocolVersion, id) ?? {
      type: 'resume',
      now,
      id,
      deployment: { deploymentId: deployment.id, protocolVersion },
    }
  )
}
