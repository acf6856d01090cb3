import type { InvocationId, InvocationSeq } from '../core/ids.ts'
import type { Invocation } from '../core/invocation.ts'
import { isIdleKeyed, type Keyed } from '../core/keyed.ts'
import type { ColdState, PartitionState } from '../core/state.ts'

/** Keys of objects and workflows that stay in memory while nobody holds them; then the store is asked again. */
const MAX_IDLE_KEYS = 10_000

/** Finished invocations that were read back into memory; more push the oldest out. */
const MAX_WARMED = 1000

interface Leaving {
  readonly position: number
  readonly completed: readonly Invocation[]
  /** Invocations that were purged, or have lost their journal. */
  readonly removed: readonly InvocationSeq[]
  /** Events that had been applied when the batch was written. */
  readonly eventCount: number
}

/**
 * Decides what stays in memory beside what is unfinished: what has just completed, until the store has it, a few
 * that were asked for again, and keys that were used lately. Reads of the store by the state go through here.
 */
export class Residency implements ColdState {
  readonly #store: ColdState
  readonly #leaving: Leaving[] = []
  readonly #warmed: Invocation[] = []
  #state: PartitionState | undefined
  /** Events that the store has. */
  #foldedEvents = 0

  constructor(store: ColdState) {
    this.#store = store
  }

  attach(state: PartitionState): void {
    this.#state = state
  }

  bySeq(seq: InvocationSeq): Invocation | undefined {
    return this.#warm(this.#store.bySeq(seq))
  }

  byId(id: InvocationId): Invocation | undefined {
    return this.#warm(this.#store.byId(id))
  }

  keyed(service: string, key: string): Keyed | undefined {
    return this.#store.keyed(service, key)
  }

  /** These may leave memory when the store has reached `position`. Positions never fall. */
  leave(position: number, completed: readonly Invocation[], removed: readonly InvocationSeq[]): void {
    const eventCount = this.#state?.eventCount ?? 0
    this.#leaving.push({ position, completed, removed, eventCount })
  }

  /** The store has everything up to `position`. */
  onFolded(position: number): void {
    let count = 0
    for (const { position: at, completed, removed, eventCount } of this.#leaving) {
      if (at > position) break
      count += 1
      this.#foldedEvents = eventCount
      for (const invocation of completed) this.#state?.evict(invocation)
      this.#state?.removedInCold(removed)
    }
    this.#leaving.splice(0, count)
    this.#evictIdleKeys()
  }

  #evictIdleKeys(): void {
    const state = this.#state
    if (state === undefined) return
    let surplus = state.hotKeyedCount - MAX_IDLE_KEYS
    for (const keyed of state.hotKeyed()) {
      if (surplus <= 0) return
      if (!isIdleKeyed(keyed) || keyed.changedAt > this.#foldedEvents) continue
      state.evictKeyed(keyed)
      surplus -= 1
    }
  }

  #warm(invocation: Invocation | undefined): Invocation | undefined {
    if (invocation?.status !== 'completed') return invocation
    this.#warmed.push(invocation)
    if (this.#warmed.length > MAX_WARMED) {
      const oldest = this.#warmed.shift()
      if (oldest !== undefined) this.#state?.evict(oldest)
    }
    return invocation
  }
}
