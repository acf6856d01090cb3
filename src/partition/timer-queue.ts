import type { Timer } from '../core/commands/command.ts'

interface Armed {
  readonly timer: Timer
  /** Order of arming: timers that are due at the same time fire in it. */
  readonly order: number
}

/** setTimeout takes no longer delay; and a wall clock that was set shows at least this often. */
const LONGEST_WAIT_MS = 1000

/** Durable timers of one partition, by due time. One `setTimeout` serves them all; it never fires early. */
export class TimerQueue {
  readonly #heap: Armed[] = []
  readonly #now: () => number
  readonly #fire: (timer: Timer) => void
  #order = 0
  #wakeUp: NodeJS.Timeout | undefined
  #wakeUpAt = Number.POSITIVE_INFINITY
  #closed = false

  constructor(now: () => number, fire: (timer: Timer) => void) {
    this.#now = now
    this.#fire = fire
  }

  get size(): number {
    return this.#heap.length
  }

  arm(timer: Timer): void {
    this.#push({ timer, order: this.#order++ })
    if (timer.at < this.#wakeUpAt) this.#schedule()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#wakeUp)
  }

  #schedule(): void {
    clearTimeout(this.#wakeUp)
    const first = this.#heap[0]
    if (first === undefined || this.#closed) {
      this.#wakeUpAt = Number.POSITIVE_INFINITY
      return
    }
    const delayMs = Math.min(Math.max(0, first.timer.at - this.#now()), LONGEST_WAIT_MS)
    this.#wakeUpAt = first.timer.at
    this.#wakeUp = setTimeout(() => this.#run(), Math.ceil(delayMs))
    this.#wakeUp.unref()
  }

  #run(): void {
    const now = this.#now()
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.timer.at > now) break
      this.#pop()
      this.#fire(first.timer)
    }
    this.#schedule()
  }

  #push(armed: Armed): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(armed)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || !isBefore(armed, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = armed
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      if (left === undefined) break
      const right = heap[2 * index + 2]
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (!isBefore(child, last)) break
      heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    heap[index] = last
  }
}

function isBefore(a: Armed, b: Armed): boolean {
  return a.timer.at < b.timer.at || (a.timer.at === b.timer.at && a.order < b.order)
}
