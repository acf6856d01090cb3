import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ValueSeal } from '../../sealing/value-seal.ts'
import { decodeLive, type LiveParts } from '../../store/row.ts'
import { openEntries, openInvocationColumn } from '../../store/sealed-columns.ts'

/** Reads encoded columns of one row, by its number. */
export class StoreRows {
  readonly #result: StatementSync
  readonly #events: StatementSync
  readonly #live: StatementSync
  readonly #journal: StatementSync
  readonly #seal: ValueSeal | undefined
  /** A query asks for one thing after the other of the same invocation. */
  #last: { readonly seq: number; readonly live: LiveParts } | undefined

  constructor(database: DatabaseSync, seal: ValueSeal | undefined) {
    this.#seal = seal
    this.#result = database.prepare('SELECT result AS bytes FROM main.invocation WHERE seq = ?')
    this.#events = database.prepare('SELECT events AS bytes FROM main.invocation WHERE seq = ?')
    this.#live = database.prepare('SELECT live AS bytes FROM main.invocation WHERE seq = ?')
    this.#journal = database.prepare('SELECT entries AS bytes FROM main.journal WHERE seq = ? AND first_index = ?')
  }

  result(seq: number): Uint8Array | undefined {
    return this.#open('result', seq, bytesOf(this.#result.get(seq)))
  }

  events(seq: number): Uint8Array | undefined {
    return this.#open('events', seq, bytesOf(this.#events.get(seq)))
  }

  /** `undefined` for what is completed. */
  live(seq: number): LiveParts | undefined {
    if (this.#last?.seq === seq) return this.#last.live
    const bytes = this.#open('live', seq, bytesOf(this.#live.get(seq)))
    if (bytes === undefined) return undefined
    const live = decodeLive(bytes)
    this.#last = { seq, live }
    return live
  }

  journal(seq: number, firstIndex: number): Uint8Array | undefined {
    const bytes = bytesOf(this.#journal.get(seq, firstIndex))
    return bytes && openEntries(this.#seal, seq, firstIndex, bytes)
  }

  /** The next query sees another state of the store. */
  clear(): void {
    this.#last = undefined
  }

  #open(column: 'result' | 'live' | 'events', seq: number, bytes: Uint8Array | undefined): Uint8Array | undefined {
    return openInvocationColumn(this.#seal, column, seq, bytes ?? null) ?? undefined
  }
}

function bytesOf(row: Readonly<Record<string, unknown>> | undefined): Uint8Array | undefined {
  return row?.bytes instanceof Uint8Array ? row.bytes : undefined
}
