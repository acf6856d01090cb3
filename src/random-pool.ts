import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 4096

let pool = Buffer.alloc(0)
let used = 0

/**
 * Random bytes from a pool that is filled in one go: a call to the system for each id would cost more than
 * the id. The view is the caller's alone.
 */
export function pooledRandomBytes(size: number): Uint8Array {
  if (size > POOL_BYTES) throw new RangeError(`at most ${POOL_BYTES} random bytes at a time`)
  if (used + size > pool.length) {
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES))
    used = 0
  }
  const bytes = pool.subarray(used, used + size)
  used += size
  return bytes
}
