/** One thing that may fall due. Kept by its owner and set again and again, so that setting it allocates nothing. */
export class Deadline {
  readonly fire: () => void
  dueAt = Number.POSITIVE_INFINITY
  /** The tick under which it is filed, -1 when it is not. */
  tick = -1

  constructor(fire: () => void) {
    this.fire = fire
  }
}

/**
 * Many coarse time-outs behind one timer. A deadline fires never early and at most one tick (plus the event
 * loop's delay) late. Moving one to a later time, which is what every message does, only writes a number.
 */
export class Deadlines {
  readonly #tickMs: number
  readonly #ticks = new Map<number, Set<Deadline>>()
  #timer: NodeJS.Timeout | undefined
  #timerTick = Number.POSITIVE_INFINITY

  constructor(tickMs = 50) {
    this.#tickMs = tickMs
  }

  set(deadline: Deadline, delayMs: number): void {
    deadline.dueAt = performance.now() + delayMs
    const tick = Math.ceil(deadline.dueAt / this.#tickMs)
    // Filed earlier than needed is found, and filed again, when its tick comes.
    if (deadline.tick !== -1 && deadline.tick <= tick) return
    this.#unfile(deadline)
    this.#file(deadline, tick)
  }

  cancel(deadline: Deadline): void {
    deadline.dueAt = Number.POSITIVE_INFINITY
    this.#unfile(deadline)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerTick = Number.POSITIVE_INFINITY
    this.#ticks.clear()
  }

  #file(deadline: Deadline, tick: number): void {
    let due = this.#ticks.get(tick)
    if (due === undefined) {
      due = new Set()
      this.#ticks.set(tick, due)
    }
    due.add(deadline)
    deadline.tick = tick
    if (tick < this.#timerTick) this.#arm(tick)
  }

  #unfile(deadline: Deadline): void {
    if (deadline.tick === -1) return
    // The set stays, even empty: a later attempt is likely to want the same tick.
    this.#ticks.get(deadline.tick)?.delete(deadline)
    deadline.tick = -1
  }

  #arm(tick: number): void {
    clearTimeout(this.#timer)
    this.#timerTick = tick
    // Node's longest delay; a tick that is further away is armed again when the timer runs.
    const delayMs = Math.min(Math.max(0, Math.ceil(tick * this.#tickMs - performance.now())), 2 ** 31 - 1)
    this.#timer = setTimeout(() => this.#run(), delayMs)
    this.#timer.unref()
  }

  #run(): void {
    this.#timerTick = Number.POSITIVE_INFINITY
    const now = performance.now()
    const fired: Deadline[] = []
    for (const [tick, due] of this.#ticks) {
      if (tick * this.#tickMs > now) continue
      this.#ticks.delete(tick)
      for (const deadline of due) {
        deadline.tick = -1
        fired.push(deadline)
      }
    }
    for (const deadline of fired) {
      if (deadline.dueAt <= now) deadline.fire()
      else if (deadline.tick === -1 && deadline.dueAt !== Number.POSITIVE_INFINITY) {
        this.#file(deadline, Math.ceil(deadline.dueAt / this.#tickMs))
      }
    }
    let next = Number.POSITIVE_INFINITY
    for (const tick of this.#ticks.keys()) next = Math.min(next, tick)
    if (next < this.#timerTick) this.#arm(next)
  }
}
