import { createXXHash3 } from 'hash-wasm'

/** Keyless invocations of a service are spread over this many partition keys. */
export const bucketsPerService = 512

const hasher = await createXXHash3()
const separator = 0xff
const unscoped = Buffer.from('unscoped/service\xff', 'latin1')

/** XXH3-64 of a text and a closing 0xFF, big-endian. For object keys and workflow ids this is the partition key. */
export function partitionKeyOfText(text: string): Uint8Array {
  const length = Buffer.byteLength(text, 'utf8')
  const input = Buffer.allocUnsafe(length + 1)
  input.write(text, 'utf8')
  input[length] = separator
  return xxh3(input)
}

/** The bucket that an idempotency key belongs to. */
export function bucketOfIdempotencyKey(idempotencyKey: string): number {
  const hash = partitionKeyOfText(idempotencyKey)
  return (((hash[6] ?? 0) << 8) | (hash[7] ?? 0)) % bucketsPerService
}

/**
 * Keys of the buckets that were asked for, by service. Callers choose the service in look-ups, so it is bounded;
 * starting over is cheap.
 */
const bucketKeys = new Map<string, (Uint8Array | undefined)[]>()
const maxCachedServices = 1024

/** The partition key, 8 bytes big-endian, of one of a service's buckets. The result is shared: do not write to it. */
export function partitionKeyOfBucket(service: string, bucket: number): Uint8Array {
  let keys = bucketKeys.get(service)
  if (keys === undefined) {
    if (bucketKeys.size >= maxCachedServices) bucketKeys.clear()
    keys = []
    bucketKeys.set(service, keys)
  }
  const known = keys[bucket]
  if (known !== undefined) return known
  const key = hashOfBucket(service, bucket)
  keys[bucket] = key
  return key
}

function hashOfBucket(service: string, bucket: number): Uint8Array {
  const length = Buffer.byteLength(service, 'utf8')
  const input = Buffer.alloc(length + 1 + unscoped.length + 8)
  input.write(service, 'utf8')
  input[length] = separator
  input.set(unscoped, length + 1)
  // The number is 64 bits wide, little-endian, and small.
  input.writeUInt32LE(bucket, length + 1 + unscoped.length)
  return xxh3(input)
}

function xxh3(input: Uint8Array): Uint8Array {
  hasher.init()
  hasher.update(input)
  return hasher.digest('binary')
}
