import type { InvocationId, InvocationSeq } from './ids.ts'
import type { Invocation } from './invocation.ts'
import { Schema } from './schema.ts'

/**
 * Invocations that have left memory. Reading one is part of reading the state: it answers with what the
 * events so far have made of it.
 */
export interface ColdInvocations {
  bySeq(seq: InvocationSeq): Invocation | undefined
  byId(id: InvocationId): Invocation | undefined
}

export const noColdInvocations: ColdInvocations = {
  bySeq: () => undefined,
  byId: () => undefined,
}

/** Everything that a partition knows. Only `evolve` changes it, but for `evict`, which changes only where it is. */
export class PartitionState {
  readonly schema = new Schema()
  readonly #cold: ColdInvocations
  readonly #bySeq = new Map<InvocationSeq, Invocation>()
  readonly #byId = new Map<InvocationId, Invocation>()
  /** Purged, but perhaps still in `cold`, which may lag behind. */
  readonly #purged = new Set<InvocationSeq>()
  nextSeq: InvocationSeq = 1

  constructor(cold: ColdInvocations = noColdInvocations) {
    this.#cold = cold
  }

  get(seq: InvocationSeq): Invocation | undefined {
    return this.#bySeq.get(seq) ?? this.#warm(this.#cold.bySeq(seq))
  }

  find(id: InvocationId): Invocation | undefined {
    return this.#byId.get(id) ?? this.#warm(this.#cold.byId(id))
  }

  /** Like `find`, but only in memory: for ids that were made for this very request. */
  findHot(id: InvocationId): Invocation | undefined {
    return this.#byId.get(id)
  }

  /** The invocations in memory: at least all that are not completed. */
  hot(): IterableIterator<Invocation> {
    return this.#bySeq.values()
  }

  get hotCount(): number {
    return this.#bySeq.size
  }

  add(invocation: Invocation): void {
    this.#bySeq.set(invocation.seq, invocation)
    this.#byId.set(invocation.id, invocation)
  }

  purge(invocation: Invocation): void {
    this.evict(invocation)
    this.#purged.add(invocation.seq)
  }

  /** Purges that `cold` has caught up with. */
  forgetPurged(seqs: Iterable<InvocationSeq>): void {
    for (const seq of seqs) this.#purged.delete(seq)
  }

  /** Takes an invocation out of memory; it can be read from `cold`. */
  evict(invocation: Invocation): void {
    this.#bySeq.delete(invocation.seq)
    // A purged id may be in use again by a younger invocation.
    if (this.#byId.get(invocation.id) === invocation) this.#byId.delete(invocation.id)
  }

  #warm(invocation: Invocation | undefined): Invocation | undefined {
    if (invocation === undefined || this.#purged.has(invocation.seq)) return undefined
    this.add(invocation)
    return invocation
  }
}
