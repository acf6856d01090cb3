import { PartitionClosed, PartitionOverloaded } from '../errors/partition.ts'

/** Requests that may wait for room; more are refused. */
const MAX_WAITING = 10_000

/** Lets requests in while there is room, and makes a bounded number of them wait while there is none. */
export class Admission {
  readonly #isFull: () => boolean
  readonly #waiting: (() => void)[] = []
  #closed = false

  constructor(isFull: () => boolean) {
    this.#isFull = isFull
  }

  get isOpen(): boolean {
    return !this.#closed && !this.#isFull()
  }

  /** Resolves when there is room. Rejects with PERDURE_ERR_PARTITION_OVERLOADED or _CLOSED. */
  async enter(): Promise<void> {
    while (!this.#closed && this.#isFull()) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new PartitionOverloaded(
          'Too much is waiting for the disk. The request was not accepted; try again later.',
        )
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    if (this.#closed) throw new PartitionClosed('The server is shutting down. The request was not accepted.')
  }

  /** There may be room again. */
  drain(): void {
    for (const resume of this.#waiting.splice(0)) resume()
  }

  close(): void {
    this.#closed = true
    this.drain()
  }
}
