import type { JournalEntry } from '../core/journal.ts'
import { encodeFrame, encodeFrames, type Frame, frameHeaderBytes } from '../protocol/frame.ts'
import type { DuplexStream } from './duplex.ts'
import { entryFrame } from './replay.ts'

// Frames are joined up to this size; a payload of this size is written by itself, without being copied.
const batchBytes = 64 * 1024
const noPayload = new Uint8Array(0)

/** What a stream begins with. */
export interface Replay {
  readonly start: Frame
  readonly journal: readonly JournalEntry[]
  /** Entries behind Start. */
  readonly journalLength: number
  readonly protocolVersion: number
}

/** Hears of what goes out. */
export interface OutboxListener {
  /** Bytes were written. */
  onSent(): void
  /** The stream has taken the whole replay. Comes at most once. */
  onReplayed(): void
}

/**
 * What an attempt sends, in order: Start, the replay, then notifications and acknowledgements as they come. Frames
 * are encoded when the peer is ready for them, so that a long journal is not in memory twice.
 */
export class Outbox {
  readonly #stream: DuplexStream
  readonly #journal: readonly JournalEntry[]
  readonly #protocolVersion: number
  readonly #listener: OutboxListener
  #start: Frame | undefined
  /** The next entry of the replay, and where it ends. */
  #next = 0
  readonly #end: number
  /** Indices of notifications, and acknowledgements, behind the replay. */
  #queue: (number | Frame)[] = []
  #isBlocked = false
  #isScheduled = false
  #isEnding = false
  #isReplayed = false

  constructor(stream: DuplexStream, replay: Replay, listener: OutboxListener) {
    this.#stream = stream
    this.#journal = replay.journal
    this.#end = replay.journalLength
    this.#start = replay.start
    this.#protocolVersion = replay.protocolVersion
    this.#listener = listener
  }

  /** Adds a frame, or the entry at an index of the journal. What is added in one turn goes out in one write. */
  add(item: number | Frame): void {
    if (this.#isEnding) return
    this.#queue.push(item)
    if (this.#isBlocked || this.#isScheduled) return
    this.#isScheduled = true
    process.nextTick(() => {
      this.#isScheduled = false
      this.flush()
    })
  }

  /** Ends the request body once everything has been sent. */
  end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    if (!this.#isBlocked) this.flush()
  }

  /** Ends the request body now: the service has stopped to care. */
  endNow(): void {
    this.#start = undefined
    this.#next = this.#end
    this.#queue = []
    this.#isEnding = true
    this.#stream.end()
  }

  onWritable(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    this.flush()
  }

  flush(): void {
    while (!this.#isBlocked && this.#writeBatch());
    if (!this.#isReplayed && !this.#isBlocked) {
      this.#isReplayed = true
      this.#listener.onReplayed()
    }
    if (this.#isEnding && !this.#isBlocked) this.#stream.end()
  }

  /** False when there is nothing left. */
  #writeBatch(): boolean {
    const batch: Frame[] = []
    let bytes = 0
    let frame = this.#take()
    while (frame !== undefined) {
      if (frame.payload.length >= batchBytes) {
        if (batch.length > 0) this.#write(encodeFrames(batch))
        this.#writeLarge(frame)
        return true
      }
      batch.push(frame)
      bytes += frameHeaderBytes + frame.payload.length
      if (bytes >= batchBytes) break
      frame = this.#take()
    }
    if (batch.length === 0) return false
    this.#write(encodeFrames(batch))
    return true
  }

  #writeLarge({ type, payload }: Frame): void {
    const header = encodeFrame(type, noPayload)
    header.writeUInt32BE(payload.length, 4)
    this.#write(header)
    this.#write(payload)
  }

  #write(bytes: Uint8Array): void {
    if (!this.#stream.write(bytes)) this.#isBlocked = true
    this.#listener.onSent()
  }

  #take(): Frame | undefined {
    const start = this.#start
    if (start !== undefined) {
      this.#start = undefined
      return start
    }
    if (this.#next < this.#end) return this.#frameAt(this.#next++)
    const item = this.#queue.shift()
    return typeof item === 'number' ? this.#frameAt(item) : item
  }

  #frameAt(index: number): Frame | undefined {
    const entry = this.#journal[index]
    if (entry !== undefined) return entryFrame(entry, this.#protocolVersion)
    // Only an invocation that has ended loses its journal; nobody waits for this attempt any more.
    this.#stream.reset()
    return undefined
  }
}
