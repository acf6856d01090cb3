import type { LogFiles } from './files.ts'
import { claimedBatchBytes, findRecord, recordHeaderBytes } from './record.ts'
import { type SegmentHeader, segmentHeaderBytes } from './segment-header.ts'

const windowBytes = 1024 * 1024

/** Reads the records of one segment, one after the other, through a window. */
export class RecordCursor {
  readonly #files: LogFiles
  readonly #fd: number
  readonly #header: SegmentHeader
  readonly #end: number
  #window: Buffer = Buffer.alloc(0)
  /** Where in the window the next record begins. */
  #at = 0
  #position: number
  #groupStart: number

  /** `end` bounds the reading: a position, at most the one at the end of the file. */
  constructor(files: LogFiles, fd: number, header: SegmentHeader, from: number, end: number) {
    this.#files = files
    this.#fd = fd
    this.#header = header
    this.#position = from
    this.#groupStart = from
    this.#end = end
  }

  /** Behind the last valid record. */
  get position(): number {
    return this.#position
  }

  /** Start of the group of the last valid record; all before it was durable. */
  get groupStart(): number {
    return this.#groupStart
  }

  /** The next batch, as a view of a window that it pins; `undefined` where no valid record begins. */
  next(): Buffer | undefined {
    if (!this.#load(recordHeaderBytes)) return undefined
    const claimed = claimedBatchBytes(this.#window, this.#at)
    if (claimed === 0 || !this.#load(recordHeaderBytes + claimed)) return undefined
    const record = findRecord(this.#window, this.#at, this.#position, this.#header.marker)
    if (record === undefined) return undefined
    const batchStart = this.#at + recordHeaderBytes
    this.#at = batchStart + record.batchBytes
    this.#position += recordHeaderBytes + record.batchBytes
    this.#groupStart = record.groupStart
    return this.#window.subarray(batchStart, this.#at)
  }

  /** Everything from the current position to the end. */
  rest(): Buffer {
    return this.#read(Buffer.allocUnsafe(this.#end - this.#position))
  }

  /** Makes the window hold `bytes` from the current position; false if the segment ends before. */
  #load(bytes: number): boolean {
    if (this.#at + bytes <= this.#window.length) return true
    const left = this.#end - this.#position
    if (bytes > left) return false
    const wanted = Math.min(Math.max(bytes, windowBytes), left)
    this.#window = this.#read(Buffer.allocUnsafe(wanted))
    this.#at = 0
    return bytes <= this.#window.length
  }

  #read(target: Buffer): Buffer {
    const fileOffset = segmentHeaderBytes + this.#position - this.#header.firstPosition
    let filled = 0
    while (filled < target.length) {
      const read = this.#files.readSync(this.#fd, target, filled, target.length - filled, fileOffset + filled)
      if (read === 0) break
      filled += read
    }
    return target.subarray(0, filled)
  }
}
