import { IngressAuthUnavailable } from '../../errors/ingress.ts'
import { PerdureError } from '../../errors/perdure-error.ts'
import type { Logger } from '../../telemetry/logger.ts'

export interface KeySetOptions<T> {
  /** Where the keys are, for the log. */
  readonly from: string
  /** Gets the keys anew. */
  readonly load: () => Promise<T>
  /** After this, keys are loaded again before they are used. */
  readonly maxAgeMs: number
  /** Keys older than this are not used, even if there are no newer ones to be had. */
  readonly maxStaleMs: number
  /** The least time between two loads: invented key ids must not have the issuer asked all the time. */
  readonly cooldownMs: number
  /** ms since epoch */
  readonly now: () => number
  readonly log: Logger
}

/** The public keys of an issuer, which change from time to time. One load at a time, shared by all who wait for it. */
export class KeySet<T> {
  readonly #options: KeySetOptions<T>
  #keys: { readonly value: T; readonly loadedAtMs: number } | undefined
  #triedAtMs = Number.NEGATIVE_INFINITY
  #failure: PerdureError | undefined
  #loading: Promise<void> | undefined

  constructor(options: KeySetOptions<T>) {
    this.#options = options
  }

  /** The keys. Rejects with `IngressAuthUnavailable` when there are none that may be used; its cause is what `load` said. */
  async current(): Promise<T> {
    if (!this.#areYoungerThan(this.#options.maxAgeMs)) {
      const loading = this.#load()
      // Who did not answer the last time may be slow again: nobody waits for that while there are keys to use.
      if (this.#failure === undefined || !this.#areYoungerThan(this.#options.maxStaleMs)) await loading
    }
    if (this.#keys !== undefined && this.#areYoungerThan(this.#options.maxStaleMs)) return this.#keys.value
    // Callers need not know where the keys come from; the log does.
    throw new IngressAuthUnavailable('tokens cannot be verified at the moment; try again later', {
      cause: this.#failure,
    })
  }

  /** The keys after another load, for an id that those of `current` do not have; `undefined`: it was too soon, or failed. */
  async newer(than: T): Promise<T | undefined> {
    if (this.#keys?.value === than) await this.#load()
    const value = this.#keys?.value
    return value === than ? undefined : value
  }

  /** Loads now, however short ago that was. Rejects with what `load` said; the keys before stay. */
  async reload(): Promise<void> {
    this.#triedAtMs = Number.NEGATIVE_INFINITY
    await this.#loading
    await this.#load()
    if (this.#failure !== undefined) throw this.#failure
  }

  #areYoungerThan(ms: number): boolean {
    return this.#keys !== undefined && ageOf(this.#keys.loadedAtMs, this.#options.now()) < ms
  }

  /** Never rejects: what came of it is in the fields. */
  async #load(): Promise<void> {
    const { cooldownMs, now } = this.#options
    if (this.#loading === undefined && ageOf(this.#triedAtMs, now()) < cooldownMs) return
    this.#loading ??= this.#loadOnce().finally(() => {
      this.#loading = undefined
    })
    await this.#loading
  }

  async #loadOnce(): Promise<void> {
    const { from, load, now, log } = this.#options
    this.#triedAtMs = now()
    try {
      this.#keys = { value: await load(), loadedAtMs: now() }
      this.#failure = undefined
    } catch (error) {
      this.#failure =
        error instanceof PerdureError
          ? error
          : new IngressAuthUnavailable('the key set cannot be read', { cause: error })
      log.warn({
        event: 'jwks-unavailable',
        from,
        reason: this.#failure.message,
        hasOlderKeys: this.#keys !== undefined,
      })
    }
  }
}

/** A clock that was set back makes nothing young again. */
function ageOf(sinceMs: number, nowMs: number): number {
  return Math.abs(nowMs - sinceMs)
}
