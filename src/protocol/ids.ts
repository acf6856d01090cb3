/** Id texts and how they are made: the part of the protocol that other rooms use beside its messages. */
export { type AwakeableId, formatAwakeableId, parseAwakeableId } from './ids/awakeable-id.ts'
export { formatDeploymentId, newDeploymentId, parseDeploymentId } from './ids/deployment-id.ts'
export {
  type InvocationIdTarget,
  idempotentInvocationId,
  invocationIdBeside,
  invocationIdFor,
  invocationIdRandomBytes,
  workflowRunId,
} from './ids/derive-invocation-id.ts'
export { formatInvocationId, invocationIdBytes, isInvocationId, parseInvocationId } from './ids/invocation-id.ts'
export { randomSeedOf } from './ids/random-seed.ts'
export { newUlid, ulidRandomBytes } from './ids/ulid.ts'
