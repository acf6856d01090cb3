import { BinaryWriter } from '../core/codec/binary-writer.ts'
import { writeEvent } from '../core/codec/event-codec.ts'
import { type Event, isRemoval } from '../core/events.ts'
import type { InvocationSeq } from '../core/ids.ts'
import type { Invocation } from '../core/invocation.ts'
import type { Log } from '../log/log.ts'
import type { Residency } from './residency.ts'

export interface CommitLoopOptions {
  readonly log: Log
  readonly residency: Residency
  /** Events that have been applied to the state. */
  readonly eventCount: () => number
  /** A batch is in the log, up to `position`; its buffer is handed over. Runs before the batch's callbacks. */
  readonly onDurable: (position: number, batch: Buffer) => void
  /** The callbacks of a batch have run. */
  readonly onReleased: () => void
}

interface Batch {
  readonly callbacks: (() => void)[]
  /** Told instead, when the batch cannot become durable any more. */
  readonly onLost: ((error: Error) => void)[]
  readonly completed: Invocation[]
  readonly removed: InvocationSeq[]
}

const emptyBatch = (): Batch => ({ callbacks: [], onLost: [], completed: [], removed: [] })

/**
 * Durable before visible: events gather in a batch, the log syncs one batch at a time, and what was registered
 * with `whenDurable` runs when everything before it is in the log, in order. While one batch is being synced,
 * the next one gathers; there is no other delay.
 */
export class CommitLoop {
  readonly #options: CommitLoopOptions
  readonly #writer = new BinaryWriter(64 * 1024)
  #batch = emptyBatch()
  #syncingBatch: Batch | undefined
  #failure: Error | undefined
  #isSyncing = false
  #isFlushScheduled = false
  #syncingBytes = 0
  #durableEvents: number

  constructor(options: CommitLoopOptions) {
    this.#options = options
    this.#durableEvents = options.eventCount()
  }

  /** Bytes that have been decided and are not in the log. */
  get pendingBytes(): number {
    return this.#writer.length + this.#syncingBytes
  }

  /** How many of the events that were applied are in the log. */
  get durableEvents(): number {
    return this.#durableEvents
  }

  add(events: readonly Event[]): void {
    for (const event of events) {
      writeEvent(this.#writer, event)
      if (isRemoval(event)) this.#batch.removed.push(event.seq)
    }
  }

  /** It may leave memory when the store has what was added so far. */
  completed(invocation: Invocation): void {
    this.#batch.completed.push(invocation)
  }

  /** One of the two runs: `onLost` when the loop has failed, and it is not known whether what came before is in the log. */
  whenDurable(callback: () => void, onLost?: (error: Error) => void): void {
    if (this.#failure !== undefined) {
      onLost?.(this.#failure)
      return
    }
    this.#batch.callbacks.push(callback)
    if (onLost !== undefined) this.#batch.onLost.push(onLost)
    this.#schedule()
  }

  /** Makes sure that what was added is written, also when nobody waits for it. */
  commit(): void {
    if (this.#writer.length > 0) this.#schedule()
  }

  /** Resolves when everything is in the log, or when nothing more can be. */
  async idle(): Promise<void> {
    while (this.#failure === undefined && (this.#isSyncing || this.#writer.length > 0)) {
      await new Promise<void>((resolve) => this.whenDurable(resolve, () => resolve()))
    }
  }

  /** Log or store have failed: nothing more is written, no callback runs. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    for (const batch of [this.#syncingBatch, this.#batch]) for (const lost of batch?.onLost ?? []) lost(error)
    this.#syncingBatch = undefined
    this.#batch = emptyBatch()
  }

  #schedule(): void {
    if (this.#failure !== undefined || this.#isSyncing || this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    queueMicrotask(() => {
      this.#isFlushScheduled = false
      if (!this.#isSyncing) this.#flush()
    })
  }

  #flush(): void {
    if (this.#failure !== undefined) return
    const batch = this.#batch
    this.#batch = emptyBatch()
    if (this.#writer.length === 0) {
      for (const callback of batch.callbacks) callback()
      return
    }
    const { log, residency, eventCount, onDurable, onReleased } = this.#options
    const bytes = this.#writer.take()
    const events = eventCount()
    this.#isSyncing = true
    this.#syncingBatch = batch
    this.#syncingBytes = bytes.length
    const end = log.append(bytes, () => {
      if (this.#failure !== undefined) return
      this.#isSyncing = false
      this.#syncingBatch = undefined
      this.#syncingBytes = 0
      this.#durableEvents = events
      onDurable(end, bytes)
      // What has gathered goes to the disk first, so that it does not idle while the callbacks run. Callbacks
      // that came without events wait for their turn: they may rest on those of this batch.
      if (this.#writer.length > 0) this.#flush()
      for (const callback of batch.callbacks) callback()
      if (this.#batch.callbacks.length > 0) this.#schedule()
      onReleased()
    })
    residency.leave(end, batch.completed, batch.removed)
  }
}
