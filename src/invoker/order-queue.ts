import type { AttemptOrder } from '../core/attempts.ts'
import type { InvocationSeq } from '../core/ids.ts'
import type { JournalSize } from './journal-size.ts'

export interface QueuedOrder {
  readonly order: AttemptOrder
  /** Of what is durable by now. */
  readonly size: JournalSize
}

/** Places in the line that nobody stands in any more, before it is made anew. */
const slackToReclaim = 64

/**
 * Attempts that wait for room, first come, first served; any of them can leave. A Map alone would not do: to find
 * its first key it passes over all that have left since it last grew.
 */
export class OrderQueue {
  readonly #bySeq = new Map<InvocationSeq, QueuedOrder>()
  #line: (QueuedOrder | undefined)[] = []
  #front = 0

  get size(): number {
    return this.#bySeq.size
  }

  get(seq: InvocationSeq): QueuedOrder | undefined {
    return this.#bySeq.get(seq)
  }

  /** Adds at the end. The invocation does not wait already. */
  add(queued: QueuedOrder): void {
    this.#bySeq.set(queued.order.invocation.seq, queued)
    this.#line.push(queued)
    if (this.#line.length <= 2 * this.size + slackToReclaim) return
    this.#line = [...this.#bySeq.values()]
    this.#front = 0
  }

  /** @returns whether it waited */
  delete(seq: InvocationSeq): boolean {
    return this.#bySeq.delete(seq)
  }

  /** Who has waited longest. */
  first(): QueuedOrder | undefined {
    for (; this.#front < this.#line.length; this.#front += 1) {
      const queued = this.#line[this.#front]
      if (queued !== undefined && this.#bySeq.get(queued.order.invocation.seq) === queued) return queued
      this.#line[this.#front] = undefined
    }
    this.clear()
    return undefined
  }

  clear(): void {
    this.#bySeq.clear()
    this.#line = []
    this.#front = 0
  }
}
