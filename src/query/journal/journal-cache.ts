import type { JournalEntry } from '../../core/journal.ts'
import { decodeEntries } from '../../store/row.ts'

/** Chunks that are kept decoded. SQLite asks entry by entry, a chunk at a time, or two when journals are joined. */
const KEPT_CHUNKS = 4

/** The chunks of journals that a query looks at, decoded once. */
export class JournalCache {
  readonly #chunks = new Map<string, readonly JournalEntry[]>()
  readonly #read: (seq: number, firstIndex: number) => Uint8Array | undefined

  /** `read` finds a chunk in the store. */
  constructor(read: (seq: number, firstIndex: number) => Uint8Array | undefined) {
    this.#read = read
  }

  /** The entries of a chunk; none if it does not exist. */
  chunk(seq: number, firstIndex: number): readonly JournalEntry[] {
    const key = `${seq}/${firstIndex}`
    const known = this.#chunks.get(key)
    if (known !== undefined) return known
    const bytes = this.#read(seq, firstIndex)
    const entries = bytes === undefined ? [] : decodeEntries(bytes)
    this.#chunks.set(key, entries)
    const [oldest] = this.#chunks.keys()
    if (this.#chunks.size > KEPT_CHUNKS && oldest !== undefined) this.#chunks.delete(oldest)
    return entries
  }

  clear(): void {
    this.#chunks.clear()
  }
}
