import type { Invocation } from '../../src/core/invocation.ts'
import { type TestAdmin, testAdmin } from './admin-app.ts'
import { deployment, dpA, dpB, invocationId as id, invocation, service } from './samples.ts'

export type State = 'unknown' | Invocation['status']

/** Statuses and texts that the admin API 1.7.12 answers with. */
export const missing = `The requested invocation '${id}' does not exist`
export const says = (predicate: string) => `The invocation '${id}' ${predicate}.`
export const completed = [409, says('was already completed')] as const
export const notCompleted = [409, says('is not yet completed')] as const
export const notRunning = [409, says('is not running, cannot be paused')] as const
export const notResumable = [425, says('is either inboxed or scheduled, cannot be resumed')] as const
export const notRestartable = [425, says("cannot be restarted because it's not running yet")] as const
export const running = [409, says('is still running')] as const
export const fixed = [
  409,
  says('is still running or the deployment id is not pinned yet, deployment id cannot be changed'),
] as const
export const unsupported = [
  422,
  `Restarting the invocation '${id}' is not supported. Restarting workflows is not supported, and restarting invocations created using the old service protocol.`,
] as const
export const gone = [
  410,
  says(
    'cannot be restarted because the input is not available. This indicates that the journal was already purged, or not retained at all',
  ),
] as const

export function patch(admin: TestAdmin, path: string, prefix = '') {
  return admin.app.inject({ method: 'PATCH', url: `${prefix}/invocations/${path}` })
}

/** An admin API that knows the invocation in this state; Greeter is on A in version 1 and on B in version 2. */
export function adminWith(more: Partial<Invocation> | undefined): TestAdmin {
  const admin = testAdmin()
  admin.client.schema.put(deployment(dpA, { minProtocolVersion: 5, maxProtocolVersion: 5 }))
  admin.client.schema.put(
    deployment(dpB, { minProtocolVersion: 5, maxProtocolVersion: 6, services: [service('Greeter', { revision: 2 })] }),
  )
  if (more !== undefined) admin.client.put(invocation(more))
  return admin
}

export function inState(state: State): TestAdmin {
  // Only what has a key waits in a queue.
  if (state === 'inboxed') return adminWith({ status: state, target: counterTarget, queueOrder: 1 })
  return adminWith(state === 'unknown' ? undefined : { status: state })
}

export const counterTarget = {
  service: 'Greeter',
  serviceType: 'VirtualObject',
  key: 'bob',
  handler: 'greet',
  handlerType: 'Exclusive',
} as const

export const pinned = (deploymentId: typeof dpA, protocolVersion: number) => ({
  pinned: { deploymentId, protocolVersion },
})
