import { claimsOf, expiryOf } from './id-token-claims.ts'

interface CachedToken {
  readonly token: string
  /** Not handed out from then on, ms since 1970. */
  readonly until: number
}

export interface TokenCacheOptions {
  readonly now?: () => number
  /** 1,000 by default; the least recently used goes first. */
  readonly maxTokens?: number
}

/** A token that expires on the way is worse than one more mint. */
const marginMs = 60_000
const unknownLifetimeMs = 3_600_000

/**
 * ID tokens by key, until a minute before they expire. However many ask for a key at the same time, one mint is in
 * flight for it. Failures are not kept.
 */
export class TokenCache {
  readonly #now: () => number
  readonly #maxTokens: number
  /** Least recently used first. */
  readonly #tokens = new Map<string, CachedToken>()
  readonly #minting = new Map<string, Promise<string>>()

  constructor(options: TokenCacheOptions = {}) {
    this.#now = options.now ?? Date.now
    this.#maxTokens = options.maxTokens ?? 1000
  }

  get size(): number {
    return this.#tokens.size
  }

  get(key: string): string | undefined {
    const cached = this.#tokens.get(key)
    if (cached === undefined) return undefined
    this.#tokens.delete(key)
    if (this.#now() >= cached.until) return undefined
    this.#tokens.set(key, cached)
    return cached.token
  }

  /** For a key that is not cached: joins the mint in flight, or starts one. */
  mint(key: string, mint: () => Promise<string>): Promise<string> {
    const known = this.#minting.get(key)
    if (known !== undefined) return known
    const minting = this.#keep(key, mint).finally(() => this.#minting.delete(key))
    this.#minting.set(key, minting)
    return minting
  }

  clear(): void {
    this.#tokens.clear()
  }

  async #keep(key: string, mint: () => Promise<string>): Promise<string> {
    const token = await mint()
    const expiry = expiryOf(claimsOf(token) ?? {}) ?? this.#now() + unknownLifetimeMs
    const until = expiry - marginMs
    if (this.#now() < until) {
      this.#tokens.delete(key)
      this.#tokens.set(key, { token, until })
      const [oldest] = this.#tokens.keys()
      if (this.#tokens.size > this.#maxTokens && oldest !== undefined) this.#tokens.delete(oldest)
    }
    return token
  }
}
