import { type RecordSealer, recordSealBytes } from '../sealing/record-seal.ts'
import { recordHeaderBytes, writeRecordHeader } from './record.ts'

/** What one write and one sync carry at most, unless a single batch is larger. */
const maxGroupBytes = 4 * 1024 * 1024
export const stagingBytes = 256 * 1024
/** Copying a batch this small costs less than two more buffers in the write. */
const maxCopiedBytes = 16 * 1024
/** POSIX systems take 1024 in one write; two more are needed for the last staged bytes and allocation ahead. */
const maxBuffers = 1020

/**
 * Batches that will be written and synced together. Headers and small batches are copied into one staging buffer,
 * so that many appends make one contiguous write; large batches, and those that find no room, are written from where
 * they are.
 */
export class WriteGroup {
  readonly start: number
  readonly staging: Buffer
  readonly #marker: number
  readonly #sealer: RecordSealer | undefined
  readonly #buffers: Buffer[] = []
  readonly #positions: number[] = []
  readonly #callbacks: ((position: number) => void)[] = []
  /** Used part of the staging buffer, and how much of that is in `#buffers` already. */
  #staged = 0
  #flushed = 0
  #end: number

  /** `start` is the position of the group's first record; `staging` of `stagingBytes` belongs to the group. */
  constructor(start: number, marker: number, staging: Buffer, sealer?: RecordSealer) {
    this.#sealer = sealer
    this.start = start
    this.#end = start
    this.#marker = marker
    this.staging = staging
  }

  get end(): number {
    return this.#end
  }

  get byteLength(): number {
    return this.#end - this.start
  }

  /** An empty group takes any batch. */
  takes(batch: Buffer): boolean {
    if (this.#end === this.start) return true
    if (this.#staged + recordHeaderBytes > this.staging.length || this.#buffers.length >= maxBuffers) return false
    return this.byteLength + recordHeaderBytes + batch.length + recordSealBytes <= maxGroupBytes
  }

  /** Returns the position behind the record. */
  add(batch: Buffer, durable: (position: number) => void): number {
    const body = this.#sealer === undefined ? batch : this.#sealer.seal(this.#end, batch)
    writeRecordHeader(this.staging, this.#staged, this.#end, this.#marker, this.start, body)
    this.#staged += recordHeaderBytes
    if (body.length <= Math.min(maxCopiedBytes, this.staging.length - this.#staged)) {
      body.copy(this.staging, this.#staged)
      this.#staged += body.length
    } else {
      this.#flushStaging()
      this.#buffers.push(body)
    }
    this.#end += recordHeaderBytes + body.length
    this.#positions.push(this.#end)
    this.#callbacks.push(durable)
    return this.#end
  }

  /** The bytes of the group. Nothing can be added afterwards. */
  buffers(): readonly Buffer[] {
    this.#flushStaging()
    return this.#buffers
  }

  /** Runs the callbacks in the order of appends. */
  announce(): void {
    for (let i = 0; i < this.#callbacks.length; i++) this.#callbacks[i]?.(this.#positions[i] ?? this.#end)
  }

  #flushStaging(): void {
    if (this.#staged > this.#flushed) this.#buffers.push(this.staging.subarray(this.#flushed, this.#staged))
    this.#flushed = this.#staged
  }
}
