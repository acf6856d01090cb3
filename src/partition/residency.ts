import type { InvocationId, InvocationSeq } from '../core/ids.ts'
import type { Invocation } from '../core/invocation.ts'
import type { ColdInvocations, PartitionState } from '../core/state.ts'

/** Finished invocations that were read back into memory; more push the oldest out. */
const MAX_WARMED = 1000

interface Leaving {
  readonly position: number
  readonly completed: readonly Invocation[]
  readonly purged: readonly InvocationSeq[]
}

/**
 * Decides what of the finished invocations stays in memory: what has just completed, until the store has it,
 * and a few that were asked for again. Reads of the store by the state go through here.
 */
export class Residency implements ColdInvocations {
  readonly #store: ColdInvocations
  readonly #leaving: Leaving[] = []
  readonly #warmed: Invocation[] = []
  #state: PartitionState | undefined

  constructor(store: ColdInvocations) {
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

  /** These may leave memory when the store has reached `position`. Positions never fall. */
  leave(position: number, completed: readonly Invocation[], purged: readonly InvocationSeq[]): void {
    if (completed.length > 0 || purged.length > 0) this.#leaving.push({ position, completed, purged })
  }

  /** The store has everything up to `position`. */
  onFolded(position: number): void {
    let count = 0
    for (const { position: at, completed, purged } of this.#leaving) {
      if (at > position) break
      count += 1
      for (const invocation of completed) this.#state?.evict(invocation)
      this.#state?.forgetPurged(purged)
    }
    this.#leaving.splice(0, count)
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
