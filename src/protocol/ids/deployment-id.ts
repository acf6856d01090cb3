import type { DeploymentId } from '../../core/ids.ts'
import { BadId } from '../../errors/protocol.ts'
import { base62Width, readBase62, writeBase62 } from './base62.ts'
import { checkIdText } from './id-text.ts'
import { ulidBytes, writeUlid } from './ulid.ts'

const prefix = 'dp'
const bodyStart = prefix.length + 2
const bodyLength = base62Width(ulidBytes)

/** The text of the 16 bytes of a ULID. */
export function formatDeploymentId(bytes: Uint8Array): DeploymentId {
  const text = Buffer.from(`${prefix}_1${'0'.repeat(bodyLength)}`, 'latin1')
  writeBase62(bytes, 0, ulidBytes, text, bodyStart)
  return text.toString('latin1') as DeploymentId
}

/** A new id from the time and ten random bytes. */
export function newDeploymentId(nowMs: number, random: Uint8Array): DeploymentId {
  const bytes = Buffer.allocUnsafe(ulidBytes)
  writeUlid(bytes, 0, nowMs, random)
  return formatDeploymentId(bytes)
}

/** The text as an id, if it is one. @throws BadId */
export function parseDeploymentId(id: string): DeploymentId {
  const reason = checkIdText(id, prefix, bodyLength)
  if (reason !== undefined) throw new BadId('deployment', id, reason)
  if (!readBase62(id, bodyStart, ulidBytes, Buffer.allocUnsafe(ulidBytes), 0)) {
    throw new BadId('deployment', id, 'base62 decode error')
  }
  return id as DeploymentId
}
