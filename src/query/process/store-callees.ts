import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ServiceType } from '../../core/deployment.ts'
import type { CalleeLookup, CalleeRetention } from '../journal/entry-json.ts'

/** Looks up in the store what the journal of a caller does not say of a callee. */
export class StoreCallees implements CalleeLookup {
  readonly #services: StatementSync
  readonly #retention: StatementSync
  readonly #types = new Map<string, ServiceType>()
  #isLoaded = false

  constructor(database: DatabaseSync) {
    this.#services = database.prepare(
      `SELECT v.value ->> '$.name' AS name, v.value ->> '$.type' AS type
       FROM temp.unsealed_deployment d JOIN json_each(d.record, '$.services') v ORDER BY v.value ->> '$.revision'`,
    )
    this.#retention = database.prepare(
      'SELECT completion_retention_ms AS completion, journal_retention_ms AS journal FROM main.invocation WHERE id = ?',
    )
  }

  serviceType(service: string): ServiceType | undefined {
    if (!this.#isLoaded) this.#load()
    return this.#types.get(service)
  }

  retention(invocationId: string): CalleeRetention | undefined {
    const row = this.#retention.get(invocationId)
    return row === undefined ? undefined : { completionMs: Number(row.completion), journalMs: Number(row.journal) }
  }

  clear(): void {
    this.#types.clear()
    this.#isLoaded = false
  }

  #load(): void {
    this.#isLoaded = true
    for (const { name, type } of this.#services.all()) {
      if (type === 'Service' || type === 'VirtualObject' || type === 'Workflow') this.#types.set(String(name), type)
    }
  }
}
