import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { decodeLive, type LiveParts } from '../../store/row.ts'

/** Reads encoded columns of one row, by its number. */
export class StoreRows {
  readonly #result: StatementSync
  readonly #events: StatementSync
  readonly #live: StatementSync
  readonly #journal: StatementSync
  /** A query asks for one thing after the other of the same invocation. */
  #last: { readonly seq: number; readonly live: LiveParts } | undefined

  constructor(database: DatabaseSync) {
    this.#result = database.prepare('SELECT result AS bytes FROM main.invocation WHERE seq = ?')
    this.#events = database.prepare('SELECT events AS bytes FROM main.invocation WHERE seq = ?')
    this.#live = database.prepare('SELECT live AS bytes FROM main.invocation WHERE seq = ?')
    this.#journal = database.prepare('SELECT entries AS bytes FROM main.journal WHERE seq = ? AND first_index = ?')
  }

  result(seq: number): Uint8Array | undefined {
    return bytesOf(this.#result.get(seq))
  }

  events(seq: number): Uint8Array | undefined {
    return bytesOf(this.#events.get(seq))
  }

  /** `undefined` for what is completed. */
  live(seq: number): LiveParts | undefined {
    if (this.#last?.seq === seq) return this.#last.live
    const bytes = bytesOf(this.#live.get(seq))
    if (bytes === undefined) return undefined
    const live = decodeLive(bytes)
    this.#last = { seq, live }
    return live
  }

  journal(seq: number, firstIndex: number): Uint8Array | undefined {
    return bytesOf(this.#journal.get(seq, firstIndex))
  }

  /** The next query sees another state of the store. */
  clear(): void {
    this.#last = undefined
  }
}

function bytesOf(row: Readonly<Record<string, unknown>> | undefined): Uint8Array | undefined {
  return row?.bytes instanceof Uint8Array ? row.bytes : undefined
}
