import { hash } from 'node:crypto'
import type { InvocationId } from '../../core/ids.ts'
import { formatInvocationId, invocationIdBytes, parseInvocationId } from './invocation-id.ts'
import { bucketOfIdempotencyKey, bucketsPerService, partitionKeyOfBucket, partitionKeyOfText } from './partition-key.ts'
import { ulidRandomBytes, writeUlid } from './ulid.ts'

/** What an invocation's id depends on. */
export interface InvocationIdTarget {
  readonly service: string
  /** Object key or workflow id; `undefined` for plain services. May be empty for the others. */
  readonly key: string | undefined
  readonly handler: string
  /** The handler of type WORKFLOW of a workflow: one invocation for each key. */
  readonly isWorkflowRun: boolean
  readonly idempotencyKey?: string | undefined
}

/** Random bytes that one id may need: ten for a ULID, two for a bucket. */
export const invocationIdRandomBytes = ulidRandomBytes + 2

const partitionKeyBytes = 8
const uuidBytes = 16

/**
 * The id of a new invocation, as the peer makes it (controlled sharding on, no scope). The same workflow run, or the
 * same idempotency key on the same handler, gives the same id every time; anything else a new one, from the time and
 * `random` (at least `invocationIdRandomBytes`).
 */
export function invocationIdFor(target: InvocationIdTarget, nowMs: number, random: Uint8Array): InvocationId {
  const id = Buffer.allocUnsafe(invocationIdBytes)
  id.set(partitionKeyFor(target, random), 0)
  const identity = identityOf(target)
  if (identity === undefined) writeUlid(id, partitionKeyBytes, nowMs, random)
  else hash('sha256', identity, 'buffer').copy(id, partitionKeyBytes, 0, uuidBytes)
  return formatInvocationId(id)
}

/**
 * A new id on the partition of an existing one, as the peer gives to an invocation that is restarted. Made from the
 * time and `random` (at least `ulidRandomBytes`).
 */
export function invocationIdBeside(id: InvocationId, nowMs: number, random: Uint8Array): InvocationId {
  const bytes = parseInvocationId(id)
  writeUlid(bytes, partitionKeyBytes, nowMs, random)
  return formatInvocationId(bytes)
}

// What follows from the target alone needs neither.
const noTime = 0
const noRandom = new Uint8Array(0)

/** The id that the run of a workflow has, whether there was one or not. The handler's name has no part in it. */
export function workflowRunId(service: string, key: string): InvocationId {
  return invocationIdFor({ service, key, handler: '', isWorkflowRun: true }, noTime, noRandom)
}

/** The id that a call with this idempotency key has, whether there was one or not. */
export function idempotentInvocationId(
  target: Pick<InvocationIdTarget, 'service' | 'key' | 'handler'> & { readonly idempotencyKey: string },
): InvocationId {
  return invocationIdFor({ ...target, isWorkflowRun: false }, noTime, noRandom)
}

function partitionKeyFor(target: InvocationIdTarget, random: Uint8Array): Uint8Array {
  if (target.key !== undefined) return partitionKeyOfText(target.key)
  const bucket =
    target.idempotencyKey === undefined
      ? (((random[ulidRandomBytes] ?? 0) << 8) | (random[ulidRandomBytes + 1] ?? 0)) % bucketsPerService
      : bucketOfIdempotencyKey(target.idempotencyKey)
  return partitionKeyOfBucket(target.service, bucket)
}

/** What makes two requests the same one; the parts are joined with bare commas, as the peer does. */
function identityOf(target: InvocationIdTarget): string | undefined {
  if (target.isWorkflowRun) return `wf,${target.service},${target.key ?? ''}`
  if (target.idempotencyKey === undefined) return undefined
  const keyPart = target.key === undefined ? '' : `,${target.key}`
  return `ik,${target.service}${keyPart},${target.handler},${target.idempotencyKey}`
}
