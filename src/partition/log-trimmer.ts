import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'

/**
 * Deletes the part of the log that the store has on disk. Syncing the store costs, so it happens only when
 * there is a segment to win.
 */
export class LogTrimmer {
  readonly #log: Log
  readonly #store: Store
  readonly #segmentSizeBytes: number
  readonly #onError: (error: Error) => void
  #trimmedTo: number
  #running: Promise<void> | undefined

  constructor(log: Log, store: Store, segmentSizeBytes: number, onError: (error: Error) => void) {
    this.#log = log
    this.#store = store
    this.#segmentSizeBytes = segmentSizeBytes
    this.#onError = onError
    this.#trimmedTo = store.position
  }

  onFolded(position: number): void {
    if (this.#running !== undefined || position - this.#trimmedTo < this.#segmentSizeBytes) return
    this.#running = this.#trim().finally(() => {
      this.#running = undefined
    })
  }

  /** Deletes all closed segments, however small: what is in them should not stay as it is. */
  trimNow(): void {
    this.#running ??= this.#store
      .checkpoint()
      .then(() => this.#trim())
      .finally(() => {
        this.#running = undefined
      })
  }

  async close(): Promise<void> {
    await this.#running
  }

  async #trim(): Promise<void> {
    try {
      const position = await this.#store.sync()
      await this.#log.trim(position)
      this.#trimmedTo = position
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
