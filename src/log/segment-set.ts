import { LogCorrupt, LogPositionUnknown, LogUnavailable } from '../errors/log.ts'
import { SealingTampered } from '../errors/sealing.ts'
import type { KeyRing } from '../sealing/key-ring.ts'
import { RecordOpener } from '../sealing/record-seal.ts'
import { ignoreMissing, type LogFiles } from './files.ts'
import type { LogRecord } from './log.ts'
import { recordHeaderBytes } from './record.ts'
import { RecordCursor } from './record-cursor.ts'
import type { Segment } from './recovery.ts'
import { segmentHeaderBytes } from './segment-header.ts'
import { SegmentWriter } from './segment-writer.ts'

/** The segments of an open log: the closed ones, oldest first, and the one that is being written. */
export class SegmentSet {
  readonly #files: LogFiles
  readonly #directory: string
  readonly #keys: KeyRing | undefined
  readonly #closed: Segment[]
  #writer: SegmentWriter
  #trimming: Promise<void> = Promise.resolve()
  /** A segment was deleted, and the directory does not have that for good yet. */
  #hasUnsyncedRemoval = false

  /** `keys` open the segments that are sealed. */
  constructor(
    files: LogFiles,
    directory: string,
    closed: readonly Segment[],
    writer: SegmentWriter,
    keys: KeyRing | undefined,
  ) {
    this.#files = files
    this.#keys = keys
    this.#directory = directory
    this.#closed = [...closed]
    this.#writer = writer
  }

  get writer(): SegmentWriter {
    return this.#writer
  }

  /** Position of the oldest record. */
  get start(): number {
    return this.#closed[0]?.header.firstPosition ?? this.#writer.header.firstPosition
  }

  /** Whether there are records in clear, or under another key than this. */
  holdsOtherThan(keyId: string): boolean {
    return this.#closed.some(({ header }) => header.sealing?.keyId !== keyId)
  }

  /** Begins the next segment. All of the current one must be durable. */
  async rotate(segmentSizeBytes: number): Promise<void> {
    const full = this.#writer
    const header = { ...full.header, firstPosition: full.end }
    this.#writer = await SegmentWriter.create(this.#files, this.#directory, header, segmentSizeBytes)
    this.#closed.push({ path: full.path, header: full.header, end: full.end })
    // Its bytes are synced: nothing that closing could report concerns them.
    await full.close().catch(() => undefined)
  }

  /** @throws LogPositionUnknown at once, LogCorrupt and SealingTampered on the way */
  read(from: number, tail: number): Iterable<LogRecord> {
    if (from < this.start || from > tail) {
      throw new LogPositionUnknown(
        `the log in ${this.#directory} holds the positions ${this.start} to ${tail}, but is asked for ${from}. ` +
          'Store and log do not belong together: restore the whole data directory from one backup.',
      )
    }
    const current = { path: this.#writer.path, header: this.#writer.header, end: tail }
    return this.#readSegments([...this.#closed, current], from)
  }

  /** Deletes oldest first, each made durable before the next: what remains never has a gap. */
  trim(position: number): Promise<void> {
    const trimmed = this.#trimming.then(() => this.#deleteBefore(position))
    // A failed trim fails its caller; the next one tries again.
    this.#trimming = trimmed.catch(() => undefined)
    return trimmed
  }

  async close(): Promise<void> {
    await this.#trimming
    await this.#writer.close()
  }

  *#readSegments(segments: readonly Segment[], from: number): Generator<LogRecord> {
    for (const segment of segments) {
      if (segment.end > from) yield* this.#readSegment(segment, Math.max(from, segment.header.firstPosition))
    }
  }

  *#readSegment(segment: Segment, from: number): Generator<LogRecord> {
    const fd = this.#files.openSync(segment.path)
    try {
      const cursor = new RecordCursor(this.#files, fd, segment.header, from, segment.end)
      const { sealing } = segment.header
      const opener = sealing && new RecordOpener(this.#keys, sealing, `The log segment ${segment.path}`)
      for (let batch = cursor.next(); batch !== undefined; batch = cursor.next()) {
        const { position } = cursor
        yield { position, batch: opener === undefined ? Buffer.from(batch) : opened(segment, opener, position, batch) }
      }
      if (cursor.position === segment.end) return
      const offset = cursor.position - segment.header.firstPosition + segmentHeaderBytes
      throw new LogCorrupt(
        `no record of the log begins at byte ${offset} of ${segment.path} (log position ${cursor.position}). The file was ` +
          'damaged after the start, or the position is not one that the log has named. Restore the data directory from a backup.',
      )
    } finally {
      this.#files.closeSync(fd)
    }
  }

  async #deleteBefore(position: number): Promise<void> {
    try {
      for (;;) {
        // Before the next one goes: were a later removal on disk and this one not, a crash would leave a gap.
        if (this.#hasUnsyncedRemoval) await this.#files.syncDirectory(this.#directory)
        this.#hasUnsyncedRemoval = false
        const oldest = this.#closed[0]
        if (oldest === undefined || oldest.end > position) return
        await this.#files.remove(oldest.path).catch(ignoreMissing)
        this.#closed.shift()
        this.#hasUnsyncedRemoval = true
      }
    } catch (error) {
      throw new LogUnavailable(
        `cannot delete old segments of the log in ${this.#directory}: ${String(error)}. Check the disk and the rights of the directory.`,
        { cause: error },
      )
    }
  }
}

function opened({ path }: Segment, opener: RecordOpener, end: number, sealed: Buffer): Buffer {
  const position = end - sealed.length - recordHeaderBytes
  const batch = opener.open(position, sealed)
  if (batch !== undefined) return batch
  throw new SealingTampered(
    `the record at log position ${position} of ${path} is not what was sealed there: the file was changed. Restore the data directory ` +
      'from a backup.',
  )
}
