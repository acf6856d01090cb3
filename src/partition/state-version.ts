import { createHash } from 'node:crypto'

/**
 * The version of a key's state, as the official CLI computes it: URL-safe base64 of SHA-256 over the pairs in
 * the order of their keys, each as its index (8 bytes, big-endian), 1, key, 2, value, 3.
 */
export function versionOf(state: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash('sha256')
  const index = Buffer.alloc(8)
  for (const [at, name] of [...state.keys()].sort().entries()) {
    index.writeUInt32BE(at, 4)
    hash
      .update(index)
      .update('\x01')
      .update(name, 'latin1')
      .update('\x02')
      .update(state.get(name) ?? '')
      .update('\x03')
  }
  return hash.digest('base64url')
}
