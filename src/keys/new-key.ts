import { createHash, randomBytes } from 'node:crypto'

/** A new key, and what the server needs to know of it. */
export interface NewKey {
  readonly key: string
  /** `sha256:<hex>` */
  readonly hash: string
}

/** 256 random bits: nothing that is hashed fast can be guessed. */
export function newKey(): NewKey {
  const key = randomBytes(32).toString('base64url')
  return { key, hash: `sha256:${createHash('sha256').update(key).digest('hex')}` }
}
