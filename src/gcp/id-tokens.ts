import { GcpCredentialsUnusable, GcpMintFailed, GcpMintTimeout, GcpTokensClosed } from '../errors/gcp.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { GoogleIdTokenAuth } from './auth.ts'
import type { MintOptions } from './mint-id-token.ts'
import { TokenCache, type TokenCacheOptions } from './token-cache.ts'

export interface IdTokensOptions extends MintOptions, TokenCacheOptions {}

/**
 * The ID tokens of this server, one instance per process. Nothing is read and nobody is asked before the first token
 * is wanted. Both methods reject with errors of `errors/gcp.ts`: no token, no request.
 */
export class IdTokens {
  readonly #options: IdTokensOptions
  readonly #cache: TokenCache
  readonly #closing = new AbortController()

  constructor(options: IdTokensOptions = {}) {
    this.#options = options
    this.#cache = new TokenCache(options)
  }

  /**
   * A new token at every call: discovery proves what is configured now. `signal` ends the mint. The public code of
   * its errors is `META0003`; `isRetryableAtDiscovery` tells whether to ask again.
   */
  async forDiscovery(auth: GoogleIdTokenAuth, signal?: AbortSignal): Promise<string> {
    try {
      return await this.#mint(auth, signal)
    } catch (error) {
      if (!(error instanceof PerdureError) || error.restateCode !== 'RT0010') throw error
      const { code, status, message } = error
      throw new PerdureError({ code, status, restateCode: 'META0003' }, message)
    }
  }

  /**
   * The cached token, at once, or a promise of one that all who ask in the meantime share; so a caller that goes does
   * not end it. Errors have the public code `RT0010`, and a later attempt may succeed.
   */
  forInvocation(auth: GoogleIdTokenAuth): string | Promise<string> {
    // Neither part contains a space.
    const key = `${auth.impersonateServiceAccount ?? ''} ${auth.audience}`
    return this.#cache.get(key) ?? this.#cache.mint(key, () => this.#mint(auth))
  }

  /** Ends all mints in flight; from now on there are no tokens. */
  close(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new GcpTokensClosed('the server is stopping and mints no more ID tokens'))
    this.#cache.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #mint(auth: GoogleIdTokenAuth, signal?: AbortSignal): Promise<string> {
    const closing = this.#closing.signal
    const end = signal === undefined ? closing : AbortSignal.any([closing, signal])
    // Loaded on demand: most servers never need it.
    const { mintIdToken } = await import('./mint-id-token.ts')
    return await mintIdToken(auth, this.#options, end)
  }
}

/**
 * Whether discovery should try again after this failure of a mint. As Restate does: not when the credentials cannot
 * mint at all, but when what is impersonated with could not be read, which may be a file that is just being replaced.
 */
export function isRetryableAtDiscovery(error: PerdureError, auth: GoogleIdTokenAuth): boolean {
  switch (error.code) {
    case GcpMintFailed.definition.code:
    case GcpMintTimeout.definition.code:
      return true
    case GcpCredentialsUnusable.definition.code:
      return auth.impersonateServiceAccount !== undefined
    default:
      return false
  }
}
