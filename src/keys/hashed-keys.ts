import { hash, timingSafeEqual } from 'node:crypto'
import { PerdureError } from '../errors/perdure-error.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type KeyFile, readKeyFile, versionOfKeyFile } from './key-file.ts'

/** A key that callers show, as the server has it: without the key. */
export interface HashedKey {
  readonly name: string
  /** SHA-256 of the key. */
  readonly digest: Uint8Array
}

export interface HashedKeysOptions<Key extends HashedKey> {
  /** For the log: `api-keys`. */
  readonly what: string
  readonly fixed: readonly Key[]
  /** More of them, read again when it has changed. */
  readonly file: KeyFile<Key> | undefined
  /** ms since epoch */
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'error'>
}

const prefix = 'sha256:'
const maxKeyLength = 1024

/** How often the file is looked at, at most. */
const checkIntervalMs = 1000

/** For how long a file may be away while something else takes its place: not everybody renames. */
const replacementMs = 2000

/** Keys by their SHA-256: they are long and random, so that a slow hash would only cost callers time. */
export class HashedKeys<Key extends HashedKey> {
  readonly #options: HashedKeysOptions<Key>
  #fromFile: readonly Key[] = []
  #fileVersion: string | undefined
  #checkedAtMs: number
  /** When the file was there last. */
  #seenAtMs: number

  /** Throws the file's error when it cannot be read or has a line that is no key. */
  constructor(options: HashedKeysOptions<Key>) {
    this.#options = options
    this.#checkedAtMs = options.now()
    this.#seenAtMs = this.#checkedAtMs
    const { file } = options
    // One that is not there is no empty one: `readKeyFile` says so.
    if (file !== undefined) this.#read(file, versionOfKeyFile(file))
  }

  /** The key that was shown, if it is known. It takes the same time for all keys, known or not. */
  find(key: string): Key | undefined {
    if (key.length > maxKeyLength) return undefined
    this.#refresh()
    const digest = hash('sha256', Buffer.from(key, 'latin1'), 'buffer')
    let found: Key | undefined
    for (const keys of [this.#options.fixed, this.#fromFile]) {
      for (const known of keys) {
        if (timingSafeEqual(known.digest, digest)) found = known
      }
    }
    return found
  }

  /**
   * Reads the file now, changed or not. Throws its error, and keeps what there was, when that cannot be. A file that is gone has no keys: whoever
   * takes it away means them.
   */
  reload(): void {
    const { file } = this.#options
    if (file === undefined) return
    const version = versionOfKeyFile(file)
    if (version === undefined) {
      this.#forget()
      return
    }
    this.#seenAtMs = this.#options.now()
    this.#read(file, version)
  }

  /**
   * Reads the file again when it has changed. One that cannot be read leaves what there was, and says so: half a line must not lock everybody out.
   * Nor must an editor that removes a file before it writes it anew: one that was there a moment ago is not gone yet.
   */
  #refresh(): void {
    const { file, now, log, what } = this.#options
    const nowMs = now()
    if (file === undefined || Math.abs(nowMs - this.#checkedAtMs) < checkIntervalMs) return
    this.#checkedAtMs = nowMs
    try {
      const version = versionOfKeyFile(file)
      if (version === undefined) {
        const isGone = Math.abs(nowMs - this.#seenAtMs) >= replacementMs
        if (isGone && this.#fileVersion !== undefined) this.#forget()
        return
      }
      this.#seenAtMs = nowMs
      if (version === this.#fileVersion) return
      this.#read(file, version)
      log.info({ event: `${what}-read`, keys: this.#fromFile.length })
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error
      this.#seenAtMs = nowMs
      log.error({ event: `${what}-unreadable`, reason: error.message })
    }
  }

  #forget(): void {
    const { log, what, file } = this.#options
    this.#fileVersion = undefined
    this.#fromFile = []
    log.error({ event: `${what}-gone`, file: file?.path, keys: 0 })
  }

  #read(file: KeyFile<Key>, version: string | undefined): void {
    // Before it is read: what is wrong is told once, and not again before the file changes.
    this.#fileVersion = version
    this.#fromFile = readKeyFile(file)
  }
}

/** The digest in `sha256:<hex>`, which has been checked. */
export function digestOf(hashText: string): Uint8Array {
  return Buffer.from(hashText.slice(prefix.length), 'hex')
}
