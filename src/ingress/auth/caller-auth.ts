import type { IngressAuthConfig } from '../../config/config.ts'
import { IngressBadAuthConfig, IngressBadCredentials, IngressNoCredentials } from '../../errors/ingress.ts'
import type { Dialer } from '../../registry/connection.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { ApiKeys } from './api-keys.ts'
import { credentialIn } from './credential.ts'
import type { JwtVerifier } from './jwt-verifier.ts'

export interface CallerAuthOptions {
  /** How the keys of an issuer are fetched; its egress policy decides from where. */
  readonly dialer: Dialer
  /** ms since epoch */
  readonly now: () => number
  readonly log: Logger
}

/** Knows callers by an API key or a JWT. Whichever of them a request has and is good counts; API keys are tried first. */
export class CallerAuth implements AsyncDisposable {
  /** In lower case; no value of them is journaled. */
  readonly credentialHeaders: readonly string[]
  readonly #apiKeys: ApiKeys | undefined
  readonly #apiKeyHeaders: readonly string[]
  readonly #jwt: { readonly header: string; readonly verifier: JwtVerifier } | undefined

  constructor(
    apiKeys: { readonly keys: ApiKeys; readonly headers: readonly string[] } | undefined,
    jwt: { readonly header: string; readonly verifier: JwtVerifier } | undefined,
  ) {
    this.#apiKeys = apiKeys?.keys
    this.#apiKeyHeaders = apiKeys?.headers ?? []
    this.#jwt = jwt
    this.credentialHeaders = [...new Set([...this.#apiKeyHeaders, ...(jwt === undefined ? [] : [jwt.header])])]
  }

  /**
   * The subject of whoever sent these headers (name, value, name, value … as Node has them): at once for an API key, later for
   * a token. Throws, or rejects with, `IngressNoCredentials`, `IngressBadCredentials` or `IngressAuthUnavailable`.
   */
  check(rawHeaders: readonly string[]): string | Promise<string> {
    let isPresent = false
    for (const header of this.#apiKeyHeaders) {
      const key = credentialIn(rawHeaders, header)
      if (key === undefined) continue
      isPresent = true
      const subject = this.#apiKeys?.subjectOf(key)
      if (subject !== undefined) return subject
    }
    const token = this.#jwt === undefined ? undefined : credentialIn(rawHeaders, this.#jwt.header)
    if (this.#jwt !== undefined && token !== undefined) return this.#jwt.verifier.subjectOf(token)
    if (isPresent) throw new IngressBadCredentials('the API key is not known here')
    throw new IngressNoCredentials(`credentials are required, in ${this.credentialHeaders.join(' or ')}`)
  }

  /** Reads the file of API keys again. Throws `IngressBadAuthConfig` when it cannot be used; the keys before stay. */
  reloadApiKeys(): void {
    this.#apiKeys?.reload()
  }

  /** Reads the file of an issuer's keys again. Rejects with `IngressAuthUnavailable`; the keys before stay. */
  async reloadJwks(): Promise<void> {
    await this.#jwt?.verifier.reload()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#jwt?.verifier[Symbol.asyncDispose]()
  }
}

/**
 * Makes what the configuration asks for; `undefined`: nobody is asked who he is. Rejects with `IngressBadAuthConfig` when a
 * part of it is missing, contradicts another, or a file cannot be read.
 */
export async function createCallerAuth(
  config: IngressAuthConfig,
  options: CallerAuthOptions,
): Promise<CallerAuth | undefined> {
  const hasApiKeys = Object.keys(config.apiKeys).length > 0 || config.apiKeysFile !== undefined
  const hasJwt = wantsJwt(config.jwt)
  if (!hasApiKeys && !hasJwt) {
    if (config.subjectHeader === undefined) return undefined
    throw new IngressBadAuthConfig(
      'ingress.auth.subject-header is set, but nothing says who may call: set ingress.auth.api-keys or ingress.auth.jwt.issuer, or remove it',
    )
  }
  const apiKeys = hasApiKeys ? { keys: new ApiKeys(config, options), headers: apiKeyHeadersOf(config) } : undefined
  // The library is loaded by those who need it.
  const { createJwtVerifier } = hasJwt ? await import('./jwt-verifier.ts') : {}
  const verifier = await createJwtVerifier?.(config.jwt, options)
  const auth = new CallerAuth(apiKeys, verifier === undefined ? undefined : { header: config.jwt.header, verifier })
  const { subjectHeader } = config
  if (subjectHeader !== undefined && auth.credentialHeaders.includes(subjectHeader)) {
    throw new IngressBadAuthConfig(
      `ingress.auth.subject-header = "${subjectHeader}" is also a header that credentials come in; give it another name`,
    )
  }
  return auth
}

function wantsJwt(jwt: IngressAuthConfig['jwt']): boolean {
  return (
    jwt.profile !== 'generic' ||
    jwt.issuer !== undefined ||
    jwt.jwksUrl !== undefined ||
    jwt.jwksFile !== undefined ||
    jwt.audiences.length > 0
  )
}

function apiKeyHeadersOf({ apiKeyHeaders }: IngressAuthConfig): readonly string[] {
  if (apiKeyHeaders.length > 0) return apiKeyHeaders
  throw new IngressBadAuthConfig('ingress.auth.api-key-headers is empty, so that no API key could ever be sent')
}
