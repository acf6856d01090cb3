import type { Log, LogMetrics, LogRecord } from '../../src/log/log.ts'

/** A log in memory whose syncs happen when the test says so. */
export class ManualLog implements Log {
  readonly records: LogRecord[] = []
  readonly metrics: LogMetrics = {
    appendedBatches: 0,
    appendedBytes: 0,
    pendingBytes: 0,
    syncs: 0,
    lastSyncMs: 0,
    maxSyncMs: 0,
  }
  readonly #pending: (() => void)[] = []
  readonly #isAutomatic: boolean
  tail = 0

  constructor(options: { automatic: boolean }) {
    this.#isAutomatic = options.automatic
  }

  get pending(): number {
    return this.#pending.length
  }

  append(batch: Buffer, durable: (position: number) => void): number {
    const position = (this.records.at(-1)?.position ?? 0) + batch.length
    this.records.push({ position, batch: Buffer.from(batch) })
    this.#pending.push(() => {
      this.tail = position
      durable(position)
    })
    if (this.#isAutomatic) setImmediate(() => this.sync())
    return position
  }

  /** What has been appended so far becomes durable. */
  sync(): void {
    for (const durable of this.#pending.splice(0)) durable()
  }

  *read(from: number): Iterable<LogRecord> {
    for (const record of this.records) if (record.position > from) yield record
  }

  async trim(): Promise<void> {}

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
