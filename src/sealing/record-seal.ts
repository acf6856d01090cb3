import { type KeyObject, randomBytes } from 'node:crypto'
import { decrypt, deriveKey, encryptTo, nonceBytes, tagBytes } from './aes-gcm.ts'
import { type KeyRing, requireKey } from './key-ring.ts'

/** What a segment's header says of its sealing. */
export interface SegmentSealing {
  /** 16 hexadecimal digits. */
  readonly keyId: string
  /** 16 random bytes of the owner that wrote the segment. */
  readonly salt: Buffer
}

export const saltBytes = 16
/** Bytes that sealing adds to a record. */
export const recordSealBytes = tagBytes

/**
 * Seals the batches of one owner of the log, whole, so that nothing of them is in the file in clear. Its key is derived from the current one and
 * a random salt. The nonce is the position: an owner never writes two records at one position, and the next one has another key. So a
 * record also opens at its own position only.
 */
export class RecordSealer {
  readonly sealing: SegmentSealing
  readonly #key: KeyObject
  readonly #nonce = Buffer.alloc(nonceBytes)

  constructor(keys: KeyRing) {
    const salt = randomBytes(saltBytes)
    this.sealing = { keyId: keys.current.id, salt }
    this.#key = ownerKey(keys.current.bytes, salt)
  }

  /** The batch that belongs at `position` of the log, sealed; `recordSealBytes` longer. */
  seal(position: number, batch: Buffer): Buffer {
    const sealed = Buffer.allocUnsafe(batch.length + recordSealBytes)
    encryptTo(sealed, 0, this.#key, nonceOf(this.#nonce, position), batch)
    return sealed
  }
}

/** Opens the records of an owner. */
export class RecordOpener {
  readonly #key: KeyObject
  readonly #nonce = Buffer.alloc(nonceBytes)

  /** @throws SealingKeyMissing */
  constructor(keys: KeyRing | undefined, { keyId, salt }: SegmentSealing, what: string) {
    this.#key = ownerKey(requireKey(keys, keyId, what).bytes, salt)
  }

  /** In memory of its own; `undefined` if it is not what was sealed for this position. */
  open(position: number, sealed: Buffer): Buffer | undefined {
    return decrypt(this.#key, nonceOf(this.#nonce, position), sealed)
  }
}

function ownerKey(key: Uint8Array, salt: Uint8Array): KeyObject {
  return deriveKey(key, salt, 'perdure: records of a log')
}

/** Positions are below 2^53. */
function nonceOf(nonce: Buffer, position: number): Buffer {
  nonce.writeUInt32LE(position % 2 ** 32, 0)
  nonce.writeUInt32LE(Math.floor(position / 2 ** 32), 4)
  return nonce
}
