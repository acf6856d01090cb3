export interface PacingOptions {
  /** The first pause, ms; each one that follows is twice as long. */
  readonly firstMs: number
  readonly longestMs: number
  /** The longest known give way. */
  readonly maxKeys: number
  /** ms since 1970 */
  readonly now: () => number
}

interface Pause<T> {
  readonly why: T
  readonly from: number
  readonly lengthMs: number
}

/** Pauses by key, each with its reason, that grow while trouble goes on and start anew once it is long past. */
export class Pacing<T> {
  readonly #options: PacingOptions
  /** The longest known first. */
  readonly #pauses = new Map<string, Pause<T>>()

  constructor(options: PacingOptions) {
    this.#options = options
  }

  /** Why there is a pause; `undefined` if there is none. */
  reason(key: string): T | undefined {
    const pause = this.#pauses.get(key)
    return pause !== undefined && this.#since(pause) < pause.lengthMs ? pause.why : undefined
  }

  begin(key: string, why: T): void {
    const { firstMs, longestMs, maxKeys, now } = this.#options
    const before = this.#pauses.get(key)
    const goesOn = before !== undefined && this.#since(before) < before.lengthMs + longestMs
    const lengthMs = goesOn ? Math.min(before.lengthMs * 2, longestMs) : firstMs
    this.#pauses.delete(key)
    this.#pauses.set(key, { why, from: now(), lengthMs })
    const [oldest] = this.#pauses.keys()
    if (this.#pauses.size > maxKeys && oldest !== undefined) this.#pauses.delete(oldest)
  }

  end(key: string): void {
    this.#pauses.delete(key)
  }

  clear(): void {
    this.#pauses.clear()
  }

  /** A clock that was set back must not make a pause longer. */
  #since({ from }: Pause<T>): number {
    const sinceMs = this.#options.now() - from
    return sinceMs < 0 ? Number.POSITIVE_INFINITY : sinceMs
  }
}
