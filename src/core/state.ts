import type { InvocationId, InvocationSeq } from './ids.ts'
import type { Invocation } from './invocation.ts'
import { type Keyed, type KeyedName, keyedName, newKeyed } from './keyed.ts'
import { Schema } from './schema.ts'

/**
 * What has left memory. Reading it is part of reading the state: it answers with what the events so far have
 * made of it.
 */
export interface ColdState {
  bySeq(seq: InvocationSeq): Invocation | undefined
  byId(id: InvocationId): Invocation | undefined
  /** State and promises of a key that nobody holds. */
  keyed(service: string, key: string): Keyed | undefined
}

export interface StatePolicies {
  /**
   * A digest of a key's state, by which operators say which state they want to replace. Given from outside, because
   * digests are not the core's business.
   */
  readonly versionOf: (state: ReadonlyMap<string, Uint8Array>) => string
  /** What is past its retention is gone at once; otherwise when a sweep removes it, as in Restate. */
  readonly expiresExactly: boolean
}

const defaultPolicies: StatePolicies = { versionOf: () => '', expiresExactly: true }

export const noColdState: ColdState = {
  bySeq: () => undefined,
  byId: () => undefined,
  keyed: () => undefined,
}

/** Everything that a partition knows. Only `evolve` changes it, but for `evict`, which changes only where it is. */
export class PartitionState {
  readonly schema = new Schema()
  readonly policies: StatePolicies
  readonly #cold: ColdState
  readonly #bySeq = new Map<InvocationSeq, Invocation>()
  readonly #byId = new Map<InvocationId, Invocation>()
  /** Purged, but perhaps still in `cold`, which may lag behind. */
  readonly #purged = new Set<InvocationSeq>()
  /** Without a journal, but perhaps not yet in `cold`. */
  readonly #journalDropped = new Set<InvocationSeq>()
  readonly #keyed = new Map<KeyedName, Keyed>()
  nextSeq: InvocationSeq = 1
  /** The next place in a queue, of whatever key. */
  nextOrder = 1
  /** Events that have been applied: tells what was changed before something else. */
  eventCount = 0

  constructor(cold: ColdState = noColdState, policies: Partial<StatePolicies> = {}) {
    this.#cold = cold
    this.policies = { ...defaultPolicies, ...policies }
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

  dropJournal(invocation: Invocation): void {
    invocation.journal = []
    this.#journalDropped.add(invocation.seq)
  }

  /** `cold` has caught up with what was removed of these. */
  removedInCold(seqs: Iterable<InvocationSeq>): void {
    for (const seq of seqs) {
      this.#purged.delete(seq)
      this.#journalDropped.delete(seq)
    }
  }

  /** Takes an invocation out of memory; it can be read from `cold`. */
  evict(invocation: Invocation): void {
    this.#bySeq.delete(invocation.seq)
    // A purged id may be in use again by a younger invocation.
    if (this.#byId.get(invocation.id) === invocation) this.#byId.delete(invocation.id)
  }

  /** What is known of a key; it is made when there is nothing yet. */
  keyed(service: string, key: string): Keyed {
    const name = keyedName(service, key)
    let keyed = this.#keyed.get(name)
    if (keyed === undefined) {
      keyed = this.#cold.keyed(service, key) ?? newKeyed(service, key)
      this.#keyed.set(name, keyed)
    }
    return keyed
  }

  get hotKeyedCount(): number {
    return this.#keyed.size
  }

  hotKeyed(): IterableIterator<Keyed> {
    return this.#keyed.values()
  }

  evictKeyed(keyed: Keyed): void {
    this.#keyed.delete(keyedName(keyed.service, keyed.key))
  }

  #warm(invocation: Invocation | undefined): Invocation | undefined {
    if (invocation === undefined || this.#purged.has(invocation.seq)) return undefined
    if (this.#journalDropped.has(invocation.seq)) invocation.journal = []
    this.add(invocation)
    return invocation
  }
}
