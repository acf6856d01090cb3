import { DatabaseSync } from 'node:sqlite'
import { KeyRing } from '../../sealing/key-ring.ts'
import { ValueSeal } from '../../sealing/value-seal.ts'
import { allTables } from '../catalogue/catalogue.ts'
import { viewsOf } from '../catalogue/table.ts'
import { registerAggregates } from '../functions/aggregates.ts'
import { journalFunctions } from '../functions/journal-functions.ts'
import { jsonFunctions, jsonTextFunctions } from '../functions/json-path.ts'
import { regexpFunctions } from '../functions/regexp-functions.ts'
import { register } from '../functions/register.ts'
import { statisticsFunctions } from '../functions/statistics.ts'
import { storeFunctions } from '../functions/store-functions.ts'
import { textFunctions } from '../functions/text-functions.ts'
import { extremeFunctions, valueFunctions } from '../functions/value-functions.ts'
import { JournalCache } from '../journal/journal-cache.ts'
import type { LiveAttempt } from '../live-attempt.ts'
import type { Visibility } from '../visibility.ts'
import { StoreCallees } from './store-callees.ts'
import { StoreRows } from './store-rows.ts'
import { createUnsealedViews } from './unsealed-views.ts'

/** A connection to the store that can only read it, with the catalogue's tables as views that show what may be seen. */
export class QueryDatabase {
  readonly #database: DatabaseSync
  readonly #rows: StoreRows
  readonly #journals: JournalCache
  readonly #callees: StoreCallees
  #nowMs = 0

  /** `keys` open a store that is sealed. */
  constructor(file: string, visibility: Visibility, keys?: readonly Uint8Array[]) {
    // Beside `readOnly`, which SQLite enforces: nothing can be attached, and no extension loaded.
    const database = new DatabaseSync(file, { readOnly: true, allowExtension: false, timeout: 5000 })
    this.#database = database
    // Sorters stay in memory, which is bounded, and do not fill a disk.
    database.exec('PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON; PRAGMA cache_size = -32000')
    const seal = keys && new ValueSeal(new KeyRing(keys), database)
    createUnsealedViews(database, seal)
    this.#rows = new StoreRows(database, seal)
    this.#journals = new JournalCache((seq, firstIndex) => this.#rows.journal(seq, firstIndex))
    this.#callees = new StoreCallees(database)
    for (const functions of [
      textFunctions,
      valueFunctions,
      jsonTextFunctions,
      regexpFunctions,
      statisticsFunctions,
      storeFunctions(this.#rows),
    ])
      register(database, functions)
    register(database, journalFunctions(this.#journals, this.#callees))
    register(database, extremeFunctions, true)
    register(database, jsonFunctions, true)
    register(database, { x_now: () => this.#nowMs })
    registerAggregates(database)
    database.exec(
      'CREATE TEMP TABLE live (seq INTEGER PRIMARY KEY, in_flight INTEGER, started_at INTEGER, deployment TEXT, server TEXT)',
    )
    for (const view of allTables.flatMap((table) => viewsOf(table, visibility))) database.exec(view)
    database.exec('PRAGMA trusted_schema = ON')
  }

  /** Runs `read` on one state of the store. */
  transact<T>(nowMs: number, live: readonly LiveAttempt[], read: (database: DatabaseSync) => T): T {
    this.#nowMs = nowMs
    this.#journals.clear()
    this.#callees.clear()
    this.#rows.clear()
    this.#database.exec('BEGIN')
    try {
      this.#database.exec('DELETE FROM temp.live')
      const insert = this.#database.prepare('INSERT OR REPLACE INTO temp.live VALUES (?, ?, ?, ?, ?)')
      for (const { seq, isInFlight, startedAt, deploymentId, server } of live) {
        insert.run(seq, Number(isInFlight), startedAt ?? null, deploymentId ?? null, server ?? null)
      }
      return read(this.#database)
    } finally {
      this.#database.exec('ROLLBACK')
      this.#journals.clear()
    }
  }
}
