/** Lets one log line through in a while, for events that an outsider can cause at will. */
export class LogThrottle {
  readonly #intervalMs: number
  #nextMs = 0

  constructor(intervalMs = 10_000) {
    this.#intervalMs = intervalMs
  }

  allows(): boolean {
    const nowMs = performance.now()
    if (nowMs < this.#nextMs) return false
    this.#nextMs = nowMs + this.#intervalMs
    return true
  }
}
