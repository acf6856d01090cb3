import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { SealingTampered } from '../errors/sealing.ts'
import { decrypt, deriveKey, encryptTo, nonceBytes, tagBytes } from './aes-gcm.ts'
import { type KeyRing, requireKey } from './key-ring.ts'

/** The data keys of a store, each wrapped by a key of `secrets.key-file`. Part of the store's tables. */
export const dataKeyTable = `
CREATE TABLE IF NOT EXISTS data_key (
  number INTEGER PRIMARY KEY,
  key_id TEXT NOT NULL,
  wrapped BLOB NOT NULL
);
`

const keyBytes = 32
/** u32 number of the data key, u48 counter, little-endian. */
const headBytes = 10
const counterBytes = 6
/** Enough for a writer that lives for years; then it takes the next data key. */
const maxCounter = 2 ** 47

interface DataKey {
  readonly number: number
  readonly key: KeyObject
}

/**
 * Seals values of a store, and opens them. A value is AES-256-GCM under a data key, and its place (table, column and row) is authenticated with
 * it: moved elsewhere it does not open. Each writer makes a data key of its own with its first value, and counts nonces under it, so that
 * none is ever used twice, whatever a crash or a restored backup repeats.
 *
 *     u32 data key, u48 counter, ciphertext, 16 bytes tag
 *
 * Where SQL looks at the first byte of a value, that byte stays in front of it, in clear and authenticated.
 */
export class ValueSeal {
  readonly #keys: KeyRing
  readonly #find: StatementSync
  readonly #database: DatabaseSync
  readonly #known = new Map<number, KeyObject>()
  readonly #nonce = Buffer.alloc(nonceBytes)
  #own: DataKey | undefined
  #counter = 0

  /** `database` has `dataKeyTable`, and may be read-only for one that only opens. */
  constructor(keys: KeyRing, database: DatabaseSync) {
    this.#keys = keys
    this.#database = database
    this.#find = database.prepare('SELECT key_id, wrapped FROM main.data_key WHERE number = ?')
  }

  /** Makes the writer's data key now instead of with its first value: not in the middle of a statement. */
  begin(): void {
    this.#ownKey()
  }

  /** `clearBytes` of the value stay readable in front. The transaction that stores the value must be open. */
  seal(place: string, value: Uint8Array, clearBytes = 0): Buffer {
    const own = this.#ownKey()
    const head = clearBytes + headBytes
    const sealed = Buffer.allocUnsafe(head + value.length - clearBytes + tagBytes)
    sealed.set(value.subarray(0, clearBytes))
    sealed.writeUInt32LE(own.number, clearBytes)
    sealed.writeUIntLE(this.#counter, clearBytes + 4, counterBytes)
    this.#nonce.writeUIntLE(this.#counter, 0, counterBytes)
    this.#counter += 1
    encryptTo(sealed, head, own.key, this.#nonce, value.subarray(clearBytes), associated(place, sealed, clearBytes))
    return sealed
  }

  /** @throws SealingTampered, SealingKeyMissing */
  open(place: string, sealed: Uint8Array, clearBytes = 0): Buffer {
    const head = clearBytes + headBytes
    // SQLite keeps whatever somebody puts there, bytes or not.
    if (!(sealed instanceof Uint8Array) || sealed.length < head + tagBytes) throw tampered(place)
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    const key = this.#dataKey(bytes.readUInt32LE(clearBytes), place)
    bytes.copy(this.#nonce, 0, clearBytes + 4, head)
    const value = decrypt(key, this.#nonce, bytes.subarray(head), associated(place, bytes, clearBytes))
    if (value === undefined) throw tampered(place)
    return clearBytes === 0 ? value : Buffer.concat([bytes.subarray(0, clearBytes), value])
  }

  /**
   * Wraps all data keys with the current key of the file, so that the others are no longer needed. Changes nothing if one is under a key that is
   * not there.
   * @throws SealingKeyMissing, SealingTampered
   */
  rewrap(): void {
    const { id } = this.#keys.current
    const others = this.#database.prepare('SELECT number FROM main.data_key WHERE key_id <> ?').all(id)
    const replace = this.#database.prepare('UPDATE main.data_key SET key_id = ?, wrapped = ? WHERE number = ?')
    const unwrapped = others.map(({ number }) => ({ number: Number(number), key: this.#read(Number(number)) }))
    this.#database.exec('BEGIN')
    for (const key of unwrapped) replace.run(id, this.#wrap(key), key.number)
    this.#database.exec('COMMIT')
  }

  #ownKey(): DataKey {
    if (this.#own !== undefined && this.#counter < maxCounter) return this.#own
    const last = this.#database.prepare('SELECT coalesce(max(number), 0) AS number FROM main.data_key').get()
    const own = { number: Number(last?.number) + 1, key: createSecretKey(randomBytes(keyBytes)) }
    this.#database
      .prepare('INSERT INTO main.data_key VALUES (?, ?, ?)')
      .run(own.number, this.#keys.current.id, this.#wrap(own))
    this.#own = own
    this.#counter = 0
    return own
  }

  #dataKey(number: number, place: string): KeyObject {
    const known = this.#known.get(number)
    if (known !== undefined) return known
    const key = this.#read(number, place)
    this.#known.set(number, key)
    return key
  }

  #read(number: number, place = `data key ${number}`): KeyObject {
    const row = this.#find.get(number)
    if (row === undefined || !(row.wrapped instanceof Uint8Array)) throw tampered(place)
    const { bytes } = requireKey(this.#keys, String(row.key_id), 'The store')
    const nonce = row.wrapped.subarray(0, nonceBytes)
    const key = decrypt(wrappingKey(bytes), nonce, row.wrapped.subarray(nonceBytes), Buffer.from(`data key ${number}`))
    if (key === undefined) throw tampered(place)
    return createSecretKey(key)
  }

  /** Random nonces are good for 2^32 data keys. */
  #wrap({ number, key }: DataKey): Buffer {
    const wrapped = Buffer.alloc(nonceBytes + keyBytes + tagBytes)
    const nonce = randomBytes(nonceBytes)
    wrapped.set(nonce)
    const wrapping = wrappingKey(this.#keys.current.bytes)
    encryptTo(wrapped, nonceBytes, wrapping, nonce, key.export(), Buffer.from(`data key ${number}`))
    return wrapped
  }
}

function wrappingKey(key: Uint8Array): KeyObject {
  return deriveKey(key, Buffer.alloc(0), 'perdure: data keys of a store')
}

function associated(place: string, sealed: Buffer, clearBytes: number): Buffer {
  const placeBytes = Buffer.from(place)
  return clearBytes === 0 ? placeBytes : Buffer.concat([placeBytes, sealed.subarray(0, clearBytes)])
}

function tampered(place: string): Error {
  return new SealingTampered(
    `The store holds something for "${place.replaceAll('\0', '/')}" that is not what was sealed there: the file was damaged or changed. ` +
      'Restore the whole data directory from a backup.',
  )
}
