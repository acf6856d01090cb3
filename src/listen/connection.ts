/** One accepted connection, in the hands of one protocol. */
export interface Connection {
  /** Runs every sweep interval: closes what has been silent for too long. `nowMs` is monotonic. */
  sweep(nowMs: number): void
  /** Finish what is in progress, then close. */
  drain(): void
  /** Close now, whatever is in progress. */
  cut(): void
}

/** Bytes that must arrive within the body timeout; fewer count as silence, so that a trickle does not hold a request. */
export const minBodyProgressBytes = 1024

/** Tells how long a body has made no progress. Costs nothing per chunk: the sweep compares a running byte count. */
export class BodyProgress {
  #bytes = -1
  #since = 0

  /** A new body begins. */
  restart(): void {
    this.#bytes = -1
  }

  /** How long, at `nowMs`, fewer than `minBodyProgressBytes` have come. */
  silentForMs(bytes: number, nowMs: number): number {
    if (this.#bytes === -1 || bytes - this.#bytes >= minBodyProgressBytes) {
      this.#bytes = bytes
      this.#since = nowMs
    }
    return nowMs - this.#since
  }
}
