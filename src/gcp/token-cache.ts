import { claimsOf, expiryOf, isSameIdentity, lifetimeOf } from './id-token-claims.ts'
import { Pacing } from './pacing.ts'

interface CachedToken {
  readonly token: string
  /** Not handed out from then on, ms since 1970, */
  readonly until: number
  /** nor from then on by the other clock: no token lives longer than it says, whatever happens to the time of day. */
  readonly untilElapsedMs: number
}

export interface TokenCacheOptions {
  /** The time of day, ms since 1970. */
  readonly now?: () => number
  /** A clock that nobody sets, ms. */
  readonly elapsedMs?: () => number
  /** 1,000 by default; the least recently used goes first. */
  readonly maxTokens?: number
}

/** How those who asked for a token were served. */
export interface TokenCounters {
  /** From the cache. */
  cached: number
  /** By a mint of their own, */
  minted: number
  /** or by one that was in flight. */
  shared: number
  /** With the failure of a mint of a moment ago. */
  paced: number
  /** Tokens that were thrown away because the front end did not accept them. */
  refused: number
}

/** A token that expires on the way is worse than one more mint. */
const marginMs = 60_000
const unknownLifetimeMs = 3_600_000
/** Between failing mints for a key: hundreds of invocations may wait for it, and each asks again and again. */
const failurePauseMs = { firstMs: 500, longestMs: 5_000 }
/**
 * Between refusals of tokens for a key that lead to a new mint. It helps when keys were rotated, a clock was wrong or
 * the service has changed, and not at all when the audience is wrong, which is the usual cause.
 */
const refusalPauseMs = { firstMs: 60_000, longestMs: 600_000 }

/**
 * ID tokens by key, until a minute before they expire. However many ask for a key at the same time, one mint is in
 * flight for it. After a failed one, they are told of the failure for a while without another mint.
 */
export class TokenCache {
  readonly counters: TokenCounters = { cached: 0, minted: 0, shared: 0, paced: 0, refused: 0 }
  readonly #now: () => number
  readonly #elapsedMs: () => number
  readonly #maxTokens: number
  readonly #failures: Pacing<unknown>
  readonly #refusals: Pacing<true>
  /** Least recently used first. */
  readonly #tokens = new Map<string, CachedToken>()
  readonly #minting = new Map<string, Promise<string>>()

  constructor(options: TokenCacheOptions = {}) {
    this.#now = options.now ?? Date.now
    this.#elapsedMs = options.elapsedMs ?? (() => performance.now())
    this.#maxTokens = options.maxTokens ?? 1000
    const bounds = { maxKeys: this.#maxTokens, now: this.#now }
    this.#failures = new Pacing({ ...failurePauseMs, ...bounds })
    this.#refusals = new Pacing({ ...refusalPauseMs, ...bounds })
  }

  get size(): number {
    return this.#tokens.size
  }

  get(key: string): string | undefined {
    const cached = this.#tokens.get(key)
    if (cached === undefined) return undefined
    this.#tokens.delete(key)
    if (this.#now() >= cached.until || this.#elapsedMs() >= cached.untilElapsedMs) return undefined
    this.#tokens.set(key, cached)
    this.counters.cached++
    return cached.token
  }

  /** For a key that is not cached: joins the mint in flight, or starts one unless one has failed just now. */
  mint(key: string, mint: () => Promise<string>): Promise<string> {
    const known = this.#minting.get(key)
    if (known !== undefined) {
      this.counters.shared++
      return known
    }
    const failure = this.#failures.reason(key)
    if (failure !== undefined) {
      this.counters.paced++
      return Promise.reject(failure)
    }
    this.counters.minted++
    const minting = this.#keep(key, mint).finally(() => this.#minting.delete(key))
    this.#minting.set(key, minting)
    return minting
  }

  /** This token was not accepted: the next one who asks gets another, as often as that may help. */
  refuse(key: string, token: string): void {
    // Many may have been sent it; the first one's news is enough.
    if (this.#tokens.get(key)?.token !== token || this.#refusals.reason(key) !== undefined) return
    this.#refusals.begin(key, true)
    this.#tokens.delete(key)
    this.counters.refused++
  }

  /**
   * This token for the key was minted elsewhere: what made the last mint fail is over. If it is another identity's,
   * the credentials were replaced, and a token of the old ones is of no use.
   */
  minted(key: string, token: string): void {
    this.#failures.end(key)
    const cached = this.#tokens.get(key)
    if (cached !== undefined && !isSameIdentity(cached.token, token)) this.#tokens.delete(key)
  }

  clear(): void {
    this.#tokens.clear()
    this.#failures.clear()
    this.#refusals.clear()
  }

  async #keep(key: string, mint: () => Promise<string>): Promise<string> {
    const token = await mint().catch((error: unknown) => {
      this.#failures.begin(key, error)
      throw error
    })
    this.#failures.end(key)
    const claims = claimsOf(token) ?? {}
    const until = (expiryOf(claims) ?? this.#now() + unknownLifetimeMs) - marginMs
    const untilElapsedMs = this.#elapsedMs() + (lifetimeOf(claims) ?? unknownLifetimeMs) - marginMs
    if (this.#now() < until) {
      this.#tokens.delete(key)
      this.#tokens.set(key, { token, until, untilElapsedMs })
      const [oldest] = this.#tokens.keys()
      if (this.#tokens.size > this.#maxTokens && oldest !== undefined) this.#tokens.delete(oldest)
    }
    return token
  }
}
