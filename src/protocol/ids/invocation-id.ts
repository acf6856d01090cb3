import type { InvocationId } from '../../core/ids.ts'
import { BadId, type BadIdReason } from '../../errors/protocol.ts'
import { base62Width, readBase62, writeBase62 } from './base62.ts'
import { checkIdText } from './id-text.ts'

/** 8 bytes of partition key, 16 of uuid. */
export const invocationIdBytes = 24

const partitionKeyBytes = 8
const uuidBytes = 16
const prefix = 'inv'
const bodyStart = prefix.length + 2
const partitionKeyDigits = base62Width(partitionKeyBytes)
const bodyLength = partitionKeyDigits + base62Width(uuidBytes)

/** Written over for each id; only its body changes. */
const text = Buffer.from(`${prefix}_1${'0'.repeat(bodyLength)}`, 'latin1')

/** The text of 24 bytes: partition key, then uuid. */
export function formatInvocationId(bytes: Uint8Array): InvocationId {
  writeBase62(bytes, 0, partitionKeyBytes, text, bodyStart)
  writeBase62(bytes, partitionKeyBytes, uuidBytes, text, bodyStart + partitionKeyDigits)
  return text.toString('latin1') as InvocationId
}

/** @throws BadId */
export function parseInvocationId(id: string): Buffer {
  const bytes = Buffer.allocUnsafe(invocationIdBytes)
  const reason = readInvocationId(id, bytes)
  if (reason !== undefined) throw new BadId('invocation', id, reason)
  return bytes
}

export function isInvocationId(id: string): id is InvocationId {
  return readInvocationId(id, scratch) === undefined
}

const scratch = Buffer.allocUnsafe(invocationIdBytes)

function readInvocationId(id: string, target: Buffer): BadIdReason | undefined {
  const reason = checkIdText(id, prefix, bodyLength)
  if (reason !== undefined) return reason
  const valid =
    readBase62(id, bodyStart, partitionKeyBytes, target, 0) &&
    readBase62(id, bodyStart + partitionKeyDigits, uuidBytes, target, partitionKeyBytes)
  return valid ? undefined : 'base62 decode error'
}
