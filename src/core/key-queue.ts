import type { InvocationSeq } from './ids.ts'
import type { StateMutation } from './keyed.ts'

/**
 * Waits in a key's queue: an invocation, or a replacement of the state. `order` is its place; one counter for
 * invocations and mutations of a partition.
 */
export type QueueItem =
  | { readonly kind: 'invocation'; readonly order: number; readonly seq: InvocationSeq }
  | { readonly kind: 'mutation'; readonly order: number; readonly mutation: StateMutation }

/** Free places at the front that are worth moving the rest for. */
const slackToReclaim = 64

/** What waits for one key, in order. The front leaves in constant time, however many wait behind it. */
export class KeyQueue {
  #items: (QueueItem | undefined)[] = []
  /** What was before it has left. */
  #front = 0

  get length(): number {
    return this.#items.length - this.#front
  }

  get head(): QueueItem | undefined {
    return this.#items[this.#front]
  }

  /** Adds at the end; orders rise. */
  push(item: QueueItem): void {
    this.#items.push(item)
  }

  /** Takes out what waits at this place, if anything does. */
  remove(order: number): void {
    const at = this.#find(order)
    if (at === undefined) return
    if (at > this.#front) {
      this.#items.splice(at, 1)
      return
    }
    this.#items[at] = undefined
    this.#front += 1
    if (this.#front === this.#items.length) {
      this.#items = []
      this.#front = 0
    } else if (this.#front >= slackToReclaim && this.#front * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#front)
      this.#front = 0
    }
  }

  *[Symbol.iterator](): Iterator<QueueItem> {
    for (let at = this.#front; at < this.#items.length; at += 1) {
      const item = this.#items[at]
      if (item !== undefined) yield item
    }
  }

  /** Index of what has this order: a binary search, as places only rise. */
  #find(order: number): number | undefined {
    let low = this.#front
    let high = this.#items.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.#items[middle]?.order ?? 0
      if (found === order) return middle
      if (found < order) low = middle + 1
      else high = middle - 1
    }
    return undefined
  }
}
