import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import type { IngressAuthConfig } from '../../config/config.ts'
import { IngressAuthUnavailable, IngressBadAuthConfig, IngressBadCredentials } from '../../errors/ingress.ts'
import { PerdureError } from '../../errors/perdure-error.ts'
import type { CallerAuthOptions } from './caller-auth.ts'
import { fetchJwks, readJwks } from './fetch-jwks.ts'
import { KeySet } from './key-set.ts'

type JwtConfig = IngressAuthConfig['jwt']

/** What the Identity-Aware Proxy of Google Cloud signs with (Google Cloud, "Securing your app with signed headers"). */
const googleIap = {
  issuer: 'https://cloud.google.com/iap',
  jwksUrl: 'https://www.gstatic.com/iap/verify/public_key-jwk',
  algorithms: ['ES256'],
}

const maxKeys = 100
const urlKeys = { maxAgeMs: 600_000, maxStaleMs: 3_600_000, cooldownMs: 30_000 }
const fileKeys = { maxAgeMs: 10_000, maxStaleMs: 3_600_000, cooldownMs: 5000 }

/** A subject is shown in a header, and compared: visible ASCII, as far as OpenID Connect lets it be long. */
const subjectForm = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/

/** Verifies tokens of one issuer: signature, issuer, audience, time, required claims. */
export class JwtVerifier implements AsyncDisposable {
  readonly #config: JwtConfig
  readonly #issuer: string
  readonly #keys: KeySet<JWTVerifyGetKey>
  readonly #now: () => number
  readonly #closing: AbortController

  constructor(
    config: JwtConfig,
    issuer: string,
    keys: KeySet<JWTVerifyGetKey>,
    now: () => number,
    closing: AbortController,
  ) {
    this.#config = config
    this.#issuer = issuer
    this.#keys = keys
    this.#now = now
    this.#closing = closing
  }

  /** Whose token it is. Rejects with `IngressBadCredentials`, or `IngressAuthUnavailable` when there are no keys. */
  async subjectOf(token: string): Promise<string> {
    const claims = await this.#verify(token)
    if (claims.iat !== undefined && claims.iat * 1000 > this.#now() + this.#config.clockSkewMs) {
      throw refused('it says that it will be issued later')
    }
    for (const [name, expected] of Object.entries(this.#config.requiredClaims)) {
      if (!hasClaim(claims, name, expected)) throw refused(`its claim ${JSON.stringify(name)} is missing or another`)
    }
    const subject = Object.hasOwn(claims, this.#config.subjectClaim) ? claims[this.#config.subjectClaim] : undefined
    if (typeof subject === 'string' && subjectForm.test(subject)) return subject
    throw refused(`its claim ${JSON.stringify(this.#config.subjectClaim)} is not 1 to 255 characters of visible ASCII`)
  }

  /** Reads the file of keys now, where they are in one. Rejects with `IngressAuthUnavailable`; the keys before stay. */
  async reload(): Promise<void> {
    if (this.#config.jwksFile !== undefined) await this.#keys.reload()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
  }

  async #verify(token: string): Promise<JWTPayload> {
    const keys = await this.#keys.current()
    try {
      return await this.#verifyWith(keys, token)
    } catch (error) {
      if (!mayHaveNewerKey(error, token)) throw refusalOf(error)
      const newer = await this.#keys.newer(keys)
      if (newer === undefined) throw refusalOf(error)
      return await this.#verifyWith(newer, token).catch((again: unknown) => {
        throw refusalOf(again)
      })
    }
  }

  async #verifyWith(keys: JWTVerifyGetKey, token: string): Promise<JWTPayload> {
    const { audiences, algorithms, clockSkewMs } = this.#config
    const { payload } = await jwtVerify(token, keys, {
      issuer: this.#issuer,
      audience: [...audiences],
      algorithms: [...algorithms],
      clockTolerance: Math.ceil(clockSkewMs / 1000),
      requiredClaims: this.#config.profile === 'google-iap' ? ['exp', 'iat'] : ['exp'],
      currentDate: new Date(this.#now()),
    })
    return payload
  }
}

/** Rejects with `IngressBadAuthConfig` when issuer, audiences or keys are missing; a file of keys must be there. */
export async function createJwtVerifier(config: JwtConfig, options: CallerAuthOptions): Promise<JwtVerifier> {
  const { now, log, dialer } = options
  const isIap = config.profile === 'google-iap'
  const issuer = issuerOf(config)
  if (config.audiences.length === 0) {
    throw new IngressBadAuthConfig('ingress.auth.jwt.audiences is not set: tokens for anybody else would be accepted')
  }
  if (config.algorithms.length === 0) throw new IngressBadAuthConfig('ingress.auth.jwt.algorithms is empty')
  if (isIap && config.algorithms.some((algorithm) => !googleIap.algorithms.includes(algorithm))) {
    throw new IngressBadAuthConfig('with the profile google-iap, ingress.auth.jwt.algorithms can only be ["ES256"]')
  }
  const { jwksFile } = config
  const jwksUrl = config.jwksUrl ?? (isIap && jwksFile === undefined ? googleIap.jwksUrl : undefined)
  if ((jwksUrl === undefined) === (jwksFile === undefined)) {
    throw new IngressBadAuthConfig('set one of ingress.auth.jwt.jwks-url and ingress.auth.jwt.jwks-file')
  }
  const closing = new AbortController()
  const get =
    jwksUrl === undefined ? () => readJwks(jwksFile ?? '') : () => fetchJwks(new URL(jwksUrl), dialer, closing.signal)
  const keys = new KeySet({
    ...(jwksUrl === undefined ? fileKeys : urlKeys),
    from: jwksUrl ?? jwksFile ?? '',
    load: async () => keySetOf(await get()),
    now,
    log,
  })
  const verifier = new JwtVerifier(config, issuer, keys, now, closing)
  // An issuer may be away for a while; a file that is missing is a mistake.
  if (jwksFile !== undefined) await orBadConfig(jwksFile, verifier.reload())
  return verifier
}

function issuerOf({ profile, issuer }: JwtConfig): string {
  if (profile === 'google-iap') {
    if (issuer === undefined || issuer === googleIap.issuer) return googleIap.issuer
    throw new IngressBadAuthConfig(`with the profile google-iap, the issuer is ${googleIap.issuer} and cannot be set`)
  }
  if (issuer !== undefined) return issuer
  throw new IngressBadAuthConfig('ingress.auth.jwt.issuer is not set: everybody’s tokens would be accepted')
}

function keySetOf(value: unknown): JWTVerifyGetKey {
  if (typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)) {
    if (value.keys.length > maxKeys) throw new IngressAuthUnavailable(`the key set has more than ${maxKeys} keys`)
    return createLocalJWKSet({ keys: value.keys })
  }
  throw new IngressAuthUnavailable('the key set is not a JSON object with "keys"')
}

async function orBadConfig(file: string, loading: Promise<void>): Promise<void> {
  try {
    await loading
  } catch (error) {
    if (!(error instanceof PerdureError)) throw error
    throw new IngressBadAuthConfig(`${file}: ${error.message}`, { cause: error })
  }
}

/** Whether a key that the issuer has published since could be the one of a token. */
function mayHaveNewerKey(error: unknown, token: string): boolean {
  if (error instanceof errors.JWKSNoMatchingKey) return true
  // A token that does not name its key was tried with the only one that there was.
  return error instanceof errors.JWSSignatureVerificationFailed && decodeProtectedHeader(token).kid === undefined
}

/** Texts are ours: the library's name what was expected, and a token is never shown. */
function refusalOf(error: unknown): Error {
  if (error instanceof errors.JWTExpired) return refused('it has expired')
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(`its claim "${error.claim}" is missing or another`)
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return refused('its algorithm is not accepted')
  }
  if (error instanceof errors.JWKSNoMatchingKey) return refused('the issuer has no such key')
  if (error instanceof errors.JWKSMultipleMatchingKeys) return refused('it does not say which key it is signed with')
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused('its signature is wrong')
  // Malformed tokens, in all their ways, keys of the set that cannot be used, too.
  return refused('it cannot be read')
}

function refused(reason: string): Error {
  return new IngressBadCredentials(`the token is not accepted: ${reason}`)
}

/** Whether a claim is, or as a list contains, a value; `*` is any value but null. */
function hasClaim(claims: JWTPayload, name: string, expected: string): boolean {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (value === undefined || value === null) return false
  if (expected === '*') return true
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.some((item) => typeof item !== 'object' && String(item) === expected)
}
