import { randomInt } from 'node:crypto'
import { LogBatchSizeInvalid, LogClosed, LogUnavailable } from '../errors/log.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { KeyRing } from '../sealing/key-ring.ts'
import { RecordSealer } from '../sealing/record-seal.ts'
import { DirectoryLock } from './directory-lock.ts'
import { type LogFiles, nodeFiles } from './files.ts'
import type { Log, LogMetrics, LogRecord } from './log.ts'
import { maxBatchBytes } from './record.ts'
import { recoverLog } from './recovery.ts'
import type { SegmentHeader } from './segment-header.ts'
import { SegmentSet } from './segment-set.ts'
import { SegmentWriter } from './segment-writer.ts'
import { stagingBytes, WriteGroup } from './write-group.ts'

export interface SegmentLogOptions {
  /** Absolute; created if missing. Nothing else may be in it. */
  readonly directory: string
  /** A segment is closed when its records have reached this size. */
  readonly segmentSizeBytes: number
  /** Called once, when the log has failed for good. The process must end; see `Log`. */
  readonly onFatal: (error: PerdureError) => void
  readonly files?: LogFiles
  /** Records are sealed under the current one, if there are any; see src/sealing. */
  readonly keys?: KeyRing | undefined
  /** The lock of this directory, when the caller has it already; it stays the caller's. Otherwise the log takes it. */
  readonly lock?: DirectoryLock
  /** A position up to which everything was durable once, as another knows: a log that does not reach from before it to it is refused. */
  readonly knownDurable?: Promise<number>
}

/**
 * Makes the directory of a log, and takes it for this process alone.
 * @throws LogInUse, LogUnavailable
 */
export async function lockLogDirectory(directory: string, files: LogFiles = nodeFiles): Promise<DirectoryLock> {
  try {
    await files.makeDirectory(directory)
    return await DirectoryLock.acquire(directory)
  } catch (error) {
    throw openFailure(directory, error)
  }
}

/** Groups that wait beyond the one being written and the one being filled are rare: their buffers are not kept. */
const keptStagingBuffers = 2

/**
 * Opens the log in a directory and becomes its owner, under the next epoch. Every owner writes segments of its own:
 * the new epoch is durable in the header of the first one before this resolves.
 * @throws LogInUse, LogUnavailable, LogForeignFile, LogVersionUnknown, LogSegmentMissing, LogPositionUnknown, LogCorrupt,
 * LogDiskFull, LogWriteFailed, LogSyncFailed, SealingKeyMissing; or the error of `knownDurable`
 */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  const { directory, segmentSizeBytes, files = nodeFiles, keys, knownDurable } = options
  // It is awaited only when the log has been looked through.
  knownDurable?.catch(() => undefined)
  const ownLock = options.lock === undefined ? await lockLogDirectory(directory, files) : undefined
  try {
    const recovered = await recoverLog(files, directory, keys, knownDurable)
    const sealer = keys && new RecordSealer(keys)
    const header = {
      firstPosition: recovered.tail,
      epoch: recovered.epoch + 1,
      marker: randomInt(1, 2 ** 32),
      ...(sealer !== undefined && { sealing: sealer.sealing }),
    }
    const writer = await SegmentWriter.create(files, directory, header, segmentSizeBytes)
    const closed = recovered.segments.filter((segment) => segment.end > segment.header.firstPosition)
    const segments = new SegmentSet(files, directory, closed, writer, keys)
    return new SegmentLog(options, ownLock, header, segments, recovered.bytesCut, sealer)
  } catch (error) {
    await ownLock?.release()
    throw openFailure(directory, error)
  }
}

function openFailure(directory: string, error: unknown): PerdureError {
  if (error instanceof PerdureError) return error
  return new LogUnavailable(
    `cannot open the log directory ${directory}: ${String(error)}. It must be a directory that this user can read and write.`,
    { cause: error },
  )
}

/** The log as segment files in a directory; use `openSegmentLog`. */
export class SegmentLog implements Log {
  /** Number of this owner: higher than that of every owner before. */
  readonly epoch: number
  /** What opening found torn behind the tail and cut off; never acknowledged. */
  readonly recoveredBytesCut: number
  readonly #options: SegmentLogOptions
  readonly #lock: DirectoryLock | undefined
  readonly #marker: number
  readonly #sealer: RecordSealer | undefined
  readonly #segments: SegmentSet
  readonly #staging: Buffer[] = []
  /** Groups that wait to be written; the last one is being filled. */
  readonly #waiting: WriteGroup[] = []
  #writing = false
  #startPlanned = false
  #tail: number
  /** Behind the last append. */
  #end: number
  #failure: PerdureError | undefined
  #closing: Promise<void> | undefined
  #onIdle: (() => void) | undefined
  readonly #metrics = { appendedBatches: 0, appendedBytes: 0, pendingBytes: 0, syncs: 0, lastSyncMs: 0, maxSyncMs: 0 }

  /** Takes over what `openSegmentLog` has prepared. */
  constructor(
    options: SegmentLogOptions,
    lock: DirectoryLock | undefined,
    header: SegmentHeader,
    segments: SegmentSet,
    recoveredBytesCut: number,
    sealer?: RecordSealer,
  ) {
    this.#sealer = sealer
    this.#options = options
    this.#lock = lock
    this.#marker = header.marker
    this.#segments = segments
    this.#tail = header.firstPosition
    this.#end = header.firstPosition
    this.epoch = header.epoch
    this.recoveredBytesCut = recoveredBytesCut
  }

  get tail(): number {
    return this.#tail
  }

  /** Where the oldest record begins. */
  get start(): number {
    return this.#segments.start
  }

  /** Whether there are records in clear, or under another key than this. */
  holdsOtherThan(keyId: string): boolean {
    return this.#segments.holdsOtherThan(keyId)
  }

  get metrics(): LogMetrics {
    return this.#metrics
  }

  append(batch: Buffer, durable: (position: number) => void): number {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#closing !== undefined) throw new LogClosed('the log is closed: it takes no more batches')
    if (batch.length === 0 || batch.length > maxBatchBytes) {
      throw new LogBatchSizeInvalid(`a batch of ${batch.length} bytes cannot be logged: 1 to ${maxBatchBytes} can`)
    }
    const before = this.#end
    this.#end = this.#groupFor(batch).add(batch, durable)
    this.#metrics.appendedBatches++
    this.#metrics.appendedBytes += this.#end - before
    this.#metrics.pendingBytes += this.#end - before
    if (!this.#writing && !this.#startPlanned) this.#planStart()
    return this.#end
  }

  read(from: number): Iterable<LogRecord> {
    return this.#segments.read(from, this.#tail)
  }

  trim(position: number): Promise<void> {
    return this.#segments.trim(position)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #groupFor(batch: Buffer): WriteGroup {
    const open = this.#waiting.at(-1)
    if (open?.takes(batch)) return open
    const staging = this.#staging.pop() ?? Buffer.allocUnsafeSlow(stagingBytes)
    const group = new WriteGroup(this.#end, this.#marker, staging, this.#sealer)
    this.#waiting.push(group)
    return group
  }

  /**
   * An idle log starts to write when the current turn of the event loop's callback is over, promise continuations
   * included, so that all that is appended in it goes together. Neither queue alone does that: a tick that is
   * planned by synchronous code runs before the promise jobs of the same callback, and a microtask runs before those
   * that are queued after it. A tick that is planned by a microtask runs when no microtask is left.
   */
  #planStart(): void {
    this.#startPlanned = true
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#startPlanned = false
        this.#writeNext()
      }),
    )
  }

  #writeNext(): void {
    const group = this.#waiting.shift()
    if (group === undefined || this.#failure !== undefined) return
    this.#writing = true
    if (this.#segments.writer.isFull) {
      this.#segments.rotate(this.#options.segmentSizeBytes).then(
        () => this.#write(group),
        (error: PerdureError) => this.#fail(error),
      )
    } else {
      this.#write(group)
    }
  }

  #write(group: WriteGroup): void {
    this.#segments.writer.write(group.buffers(), group.byteLength, (error, syncMs) => {
      if (error !== undefined) return this.#fail(error)
      this.#writing = false
      this.#tail = group.end
      this.#countSync(group, syncMs)
      // The disk goes on while the callbacks run.
      this.#writeNext()
      group.announce()
      if (this.#staging.length < keptStagingBuffers) this.#staging.push(group.staging)
      if (!this.#writing && this.#waiting.length === 0) this.#onIdle?.()
    })
  }

  #countSync(group: WriteGroup, syncMs: number): void {
    this.#metrics.pendingBytes -= group.byteLength
    this.#metrics.syncs++
    this.#metrics.lastSyncMs = syncMs
    this.#metrics.maxSyncMs = Math.max(this.#metrics.maxSyncMs, syncMs)
  }

  /** The end: `#writing` stays, so nothing is ever written again, and no callback runs. */
  #fail(error: PerdureError): void {
    this.#failure = error
    this.#waiting.length = 0
    this.#onIdle?.()
    this.#options.onFatal(error)
  }

  async #close(): Promise<void> {
    const idle = this.#failure !== undefined || (!this.#writing && this.#waiting.length === 0)
    if (!idle) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    try {
      await this.#segments.close()
    } finally {
      await this.#lock?.release()
    }
  }
}
