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

  /**
   * Runs `work` now, or when there is room and those that came before have run. Rejects with
   * PERDURE_ERR_PARTITION_OVERLOADED or _CLOSED.
   */
  admit<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        if (this.#closed) reject(new PartitionClosed('The server is shutting down. The request was not accepted.'))
        else resolve(work())
      }
      if (this.#closed || (this.#waiting.length === 0 && !this.#isFull())) enter()
      else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(enter)
      else {
        reject(
          new PartitionOverloaded('Too much is waiting for the disk. The request was not accepted; try again later.'),
        )
      }
    })
  }

  /** There may be room again. One at a time: each takes of the room that the next one finds. */
  drain(): void {
    while (this.#waiting.length > 0 && (this.#closed || !this.#isFull())) this.#waiting.shift()?.()
  }

  close(): void {
    this.#closed = true
    this.drain()
  }
}
