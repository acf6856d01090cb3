import { GcpCredentialsUnusable, GcpMintFailed, GcpMintTimeout, GcpTokensClosed } from '../errors/gcp.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { GoogleIdTokenAuth } from './auth.ts'
import type { MintOptions } from './mint-id-token.ts'
import { type MintRecord, type MintResult, type MintSource, mintFailureOf } from './mint-record.ts'
import { TokenCache, type TokenCacheOptions, type TokenCounters } from './token-cache.ts'

export interface IdTokensOptions extends MintOptions, TokenCacheOptions {}

/** How invocations came by their tokens so far, and how many tokens are kept. */
export interface TokenUsage extends Readonly<TokenCounters> {
  readonly size: number
}

/**
 * The ID tokens of this server, one instance per process. Nothing is read and nobody is asked before the first token
 * is wanted. Both methods reject with errors of `errors/gcp.ts`: no token, no request.
 */
export class IdTokens {
  readonly #options: IdTokensOptions
  readonly #cache: TokenCache
  readonly #closing = new AbortController()
  #onMint: ((mint: MintRecord) => void) | undefined

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
      const token = await this.#mint(auth, signal)
      // What waits for tokens need not wait longer, nor go with those of credentials that were replaced.
      this.#cache.minted(keyOf(auth), token)
      return token
    } catch (error) {
      if (!(error instanceof PerdureError) || error.restateCode !== 'RT0010') throw error
      const { code, status, message } = error
      throw new PerdureError({ code, status, restateCode: 'META0003' }, message)
    }
  }

  /**
   * The cached token, at once, or a promise of one that all who ask in the meantime share; so a caller that goes does
   * not end it. Errors have the public code `RT0010`, and a later attempt may succeed; failing mints are paced, and
   * those who ask between two of them are given the error of the last.
   */
  forInvocation(auth: GoogleIdTokenAuth): string | Promise<string> {
    const key = keyOf(auth)
    return this.#cache.get(key) ?? this.#cache.mint(key, () => this.#mint(auth))
  }

  /** The service did not accept this token of `forInvocation`: another one is minted the next time, if that may help. */
  refused(auth: GoogleIdTokenAuth, token: string): void {
    this.#cache.refuse(keyOf(auth), token)
  }

  get usage(): TokenUsage {
    return { ...this.#cache.counters, size: this.#cache.size }
  }

  /** Hears of each mint that has ended, for discovery as for invocations. There is one listener. */
  onMint(listener: (mint: MintRecord) => void): void {
    this.#onMint = listener
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
    const startedAt = performance.now()
    let source: MintSource = 'none'
    let result: MintResult = 'minted'
    const closing = this.#closing.signal
    const end = signal === undefined ? closing : AbortSignal.any([closing, signal])
    try {
      // Loaded on demand: most servers never need it.
      const { mintIdToken } = await import('./mint-id-token.ts')
      return await mintIdToken(auth, this.#options, end, ({ credential }) => {
        source = credential.kind
      })
    } catch (error) {
      result = end.aborted ? 'given-up' : mintFailureOf(error)
      throw error
    } finally {
      this.#onMint?.({ source, result, durationMs: performance.now() - startedAt })
    }
  }
}

/** Neither part contains a space. */
function keyOf({ audience, impersonateServiceAccount }: GoogleIdTokenAuth): string {
  return `${impersonateServiceAccount ?? ''} ${audience}`
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
