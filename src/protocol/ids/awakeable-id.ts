import type { InvocationId } from '../../core/ids.ts'
import { BadId } from '../../errors/protocol.ts'
import { checkIdText } from './id-text.ts'
import { formatInvocationId, invocationIdBytes } from './invocation-id.ts'

/** An awakeable is a signal of one invocation; SDKs count their indices from 17. */
export interface AwakeableId {
  readonly invocationId: InvocationId
  readonly signalIndex: number
}

const prefix = 'sign'
/** Of protocol V1 to V3, which nothing speaks any more. */
const legacyPrefix = 'prom'
const bodyBytes = invocationIdBytes + 4
/** base64url without padding. */
const bodyLength = 38

/** `sign_1` and base64url of the invocation's 24 bytes and the index (u32, big-endian). */
export function formatAwakeableId(invocationId: Uint8Array, signalIndex: number): string {
  const body = Buffer.allocUnsafe(bodyBytes)
  body.set(invocationId)
  body.writeUInt32BE(signalIndex, invocationIdBytes)
  return `${prefix}_1${body.toString('base64url')}`
}

/**
 * Padding behind the id is taken, as it is by the peer.
 * @throws BadId with the reasons of the peer, which takes what is no new id for a legacy one.
 */
export function parseAwakeableId(text: string): AwakeableId {
  const id = text.replace(/={1,2}$/, '')
  if (checkIdText(id, prefix, bodyLength) === undefined) {
    const body = decodeBody(id.slice(prefix.length + 2))
    if (body !== undefined) {
      return {
        invocationId: formatInvocationId(body),
        signalIndex: body.readUInt32BE(invocationIdBytes),
      }
    }
  }
  const reason = checkIdText(id, legacyPrefix, bodyLength)
  throw new BadId('awakeable', id, reason ?? "id doesn't match the expected type")
}

/** Node skips what is no base64url; that the text comes out again shows that there was nothing to skip. */
function decodeBody(text: string): Buffer | undefined {
  const body = Buffer.from(text, 'base64url')
  return body.length === bodyBytes && body.toString('base64url') === text ? body : undefined
}
