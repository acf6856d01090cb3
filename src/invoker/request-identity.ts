import { sign } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Header } from '../core/journal.ts'
import { type IdentityKey, readIdentityKey } from './identity-key.ts'
import type { SignRequest } from './request-headers.ts'

export interface RequestIdentityOptions {
  /** PEM of the key that signs. */
  readonly file: string
  /** PEM of the key that will replace it; there need not be such a file. */
  readonly nextFile?: string | undefined
  readonly expirationMs: number
  readonly now: () => number
}

interface Keys {
  readonly current: IdentityKey
  readonly next: IdentityKey | undefined
}

/**
 * Signs requests to services with an ed25519 key, scheme `v1` of the service protocol: a short-lived JWT over the path.
 * Services accept any of several public keys, so that a key is replaced in three steps: they are told of the new one, the
 * file is replaced and `reload` called, they forget the old one.
 */
export class RequestIdentity {
  readonly #options: RequestIdentityOptions
  #keys: Keys
  #jwtHeader: string

  /** Throws PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID. */
  constructor(options: RequestIdentityOptions) {
    this.#options = options
    this.#keys = readKeys(options)
    this.#jwtHeader = jwtHeaderOf(this.#keys.current)
  }

  /** The key that signs, as `publickeyv1_…`. */
  get publicKey(): string {
    return this.#keys.current.publicKey
  }

  /** The key that does not sign yet. */
  get nextPublicKey(): string | undefined {
    return this.#keys.next?.publicKey
  }

  /** Reads the files again; what is signed from then on is signed with what they hold. Throws as the constructor, changing nothing. */
  reload(): void {
    const keys = readKeys(this.#options)
    this.#jwtHeader = jwtHeaderOf(keys.current)
    this.#keys = keys
  }

  readonly sign: SignRequest = (path, subject): Header[] => {
    const expirationS = Math.max(1, Math.round(this.#options.expirationMs / 1000))
    const issuedAt = Math.floor(this.#options.now() / 1000)
    const claims = base64url({
      aud: path,
      exp: issuedAt + expirationS,
      iat: issuedAt,
      nbf: issuedAt - expirationS,
      ...(subject !== undefined && { sub: subject }),
    })
    const signed = `${this.#jwtHeader}.${claims}`
    const signature = sign(null, Buffer.from(signed), this.#keys.current.privateKey).toString('base64url')
    return [
      ['x-restate-signature-scheme', 'v1'],
      ['x-restate-jwt-v1', `${signed}.${signature}`],
    ]
  }
}

function readKeys({ file, nextFile }: RequestIdentityOptions): Keys {
  return {
    current: readIdentityKey(file),
    // Moved into the place of the current one, it is no longer here: not an error.
    next: nextFile !== undefined && existsSync(nextFile) ? readIdentityKey(nextFile) : undefined,
  }
}

function jwtHeaderOf({ publicKey }: IdentityKey): string {
  return base64url({ typ: 'JWT', alg: 'EdDSA', kid: publicKey })
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
