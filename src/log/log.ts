/** One batch as it is read back. */
export interface LogRecord {
  /** Behind the record: reading from here yields the next one. */
  readonly position: number
  /** Memory of its own; views of it pin nothing else. */
  readonly batch: Buffer
}

/** What a log has done since it was opened, as plain numbers for metrics to read. */
export interface LogMetrics {
  /** Batches that were given to `append`; each is one record. */
  readonly appendedBatches: number
  /** Bytes of these records, headers included. */
  readonly appendedBytes: number
  /** Bytes that were appended and are not yet durable. */
  readonly pendingBytes: number
  /** Groups of batches that were written and synced together. */
  readonly syncs: number
  readonly lastSyncMs: number
  readonly maxSyncMs: number
}

/**
 * The durable log of one partition, written by one owner.
 *
 * The ordering contract: nothing that follows from a batch may be seen outside of the process before its
 * `durable` has run. A log that fails runs no more `durable`, and never recovers: the process must end.
 */
export interface Log extends AsyncDisposable {
  /**
   * Position behind the last durable byte. Positions are logical byte offsets below 2^53 that rise over the
   * whole life of the log, whatever is trimmed.
   */
  readonly tail: number

  readonly metrics: LogMetrics

  /**
   * Appends one batch as one record, under this owner's epoch, and returns the position behind it.
   * `durable` runs, in the order of appends, once the record is synced. Batches that are appended during a
   * sync are written and synced together. The batch must not be changed before it is durable.
   * @throws LogClosed, LogBatchSizeInvalid, or the error that stopped the log
   */
  append(batch: Buffer, durable: (position: number) => void): number

  /**
   * The records from `from`, a position that `append` or the store has named, to the tail, in order.
   * Synchronous: it serves the replay at start.
   * @throws LogPositionUnknown, LogCorrupt
   */
  read(from: number): Iterable<LogRecord>

  /** Gives up the records before `position`, because the store has them. Disk space is freed in whole segments. */
  trim(position: number): Promise<void>

  /** Waits for pending appends and lets go of the log. */
  close(): Promise<void>
}
