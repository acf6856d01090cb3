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
  readonly #onFailed: (error: Error) => void
  #trimmedTo: number
  #running: Promise<void> | undefined

  /**
   * `onFailed`: old segments could not be deleted. Nothing is lost by that but space, so it is tried again when there is another
   * segment to win.
   */
  constructor(log: Log, store: Store, segmentSizeBytes: number, onFailed: (error: Error) => void) {
    this.#log = log
    this.#store = store
    this.#segmentSizeBytes = segmentSizeBytes
    this.#onFailed = onFailed
    this.#trimmedTo = store.position
  }

  onFolded(position: number): void {
    if (position - this.#trimmedTo >= this.#segmentSizeBytes) this.#run(Promise.resolve())
  }

  /** Deletes all closed segments, however small: what is in them should not stay as it is. */
  trimNow(): void {
    this.#run(this.#store.checkpoint())
  }

  async close(): Promise<void> {
    await this.#running
  }

  #run(ready: Promise<void>): void {
    this.#running ??= ready
      .then(() => this.#trim())
      // The store has told of this failure itself.
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined
      })
  }

  async #trim(): Promise<void> {
    const position = await this.#store.sync()
    this.#trimmedTo = position
    try {
      await this.#log.trim(position)
    } catch (error) {
      this.#onFailed(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
