import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Header } from '../core/journal.ts'
import { IdentityKeyInvalid } from '../errors/invoker.ts'
import { base58 } from './base58.ts'
import type { SignRequest } from './request-headers.ts'

export interface RequestIdentity {
  /** `publickeyv1_` and the base58 of the raw key: what services are given to verify requests with. */
  readonly publicKey: string
  readonly sign: SignRequest
}

/**
 * Signs requests to services with an ed25519 key, scheme `v1` of the service protocol: a short-lived JWT
 * over the path. Throws PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID; the key never shows in an error.
 */
export function loadRequestIdentity(pemFile: string, expirationMs: number, now: () => number): RequestIdentity {
  const key = readKey(pemFile)
  // The last 32 bytes of an SPKI-encoded ed25519 key are the key itself (RFC 8410).
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  const publicKey = `publickeyv1_${base58(raw)}`
  const jwtHeader = base64url({ typ: 'JWT', alg: 'EdDSA', kid: publicKey })
  const expirationS = Math.max(1, Math.round(expirationMs / 1000))
  return {
    publicKey,
    sign(path, subject): Header[] {
      const issuedAt = Math.floor(now() / 1000)
      const claims = base64url({
        aud: path,
        exp: issuedAt + expirationS,
        iat: issuedAt,
        nbf: issuedAt - expirationS,
        ...(subject !== undefined && { sub: subject }),
      })
      const signature = sign(null, Buffer.from(`${jwtHeader}.${claims}`), key).toString('base64url')
      return [
        ['x-restate-signature-scheme', 'v1'],
        ['x-restate-jwt-v1', `${jwtHeader}.${claims}.${signature}`],
      ]
    },
  }
}

function readKey(pemFile: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(readFileSync(pemFile))
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'not a key'
    throw new IdentityKeyInvalid(`${pemFile} cannot be read as a private key (${reason}). ${howTo}`)
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new IdentityKeyInvalid(`${pemFile} holds a key of type ${key.asymmetricKeyType}. ${howTo}`)
  }
  return key
}

const howTo = 'Make one with: openssl genpkey -algorithm ed25519 -outform pem -out private.pem'

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
