import { createHmac } from 'node:crypto'
import { SealingKeyMissing } from '../errors/sealing.ts'

/** A key from `secrets.key-file`. */
export interface SealingKey {
  /** Sixteen hexadecimal digits that name the key and tell nothing else of it. */
  readonly id: string
  /** 32 bytes. */
  readonly bytes: Buffer
}

export const sealingKeyBytes = 32

/** The keys that the server has been given: the current one seals, all of them open. */
export class KeyRing {
  readonly current: SealingKey
  readonly #keys: readonly SealingKey[]

  /** `keys`: 32 bytes each, the current one first, at least one. */
  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map((bytes) => ({ id: keyId(bytes), bytes: ownBytes(bytes) }))
    const [current] = this.#keys
    if (current === undefined) throw new Error('invariant: a key ring has a key')
    this.current = current
  }

  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id)
  }

  /** The keys as they are handed to a thread or process of the server's own. */
  get bytes(): readonly Uint8Array[] {
    return this.#keys.map(({ bytes }) => bytes)
  }

  find(id: string): SealingKey | undefined {
    return this.#keys.find((key) => key.id === id)
  }
}

/**
 * The key with this id, to open `what`.
 * @throws SealingKeyMissing, which names the key by its id
 */
export function requireKey(keys: KeyRing | undefined, id: string, what: string): SealingKey {
  const key = keys?.find(id)
  if (key !== undefined) return key
  const given =
    keys === undefined ? 'secrets.key-file is not set' : `secrets.key-file holds only ${keys.ids.join(', ')}`
  throw new SealingKeyMissing(
    `${what} is sealed under the key with id ${id}, but ${given}. Put that key into the file, behind the current one, and ` +
      'start again. Nothing has been changed.',
  )
}

/** In memory of their own: handed to a thread, a view would take all of what it is a view of along. */
function ownBytes(bytes: Uint8Array): Buffer {
  return Buffer.from(Uint8Array.from(bytes).buffer)
}

function keyId(bytes: Uint8Array): string {
  return createHmac('sha256', bytes).update('perdure: id of a sealing key').digest('hex').slice(0, 16)
}
