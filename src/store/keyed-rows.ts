import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BinaryReader } from '../core/codec/binary-reader.ts'
import { BinaryWriter } from '../core/codec/binary-writer.ts'
import { readMutation, readPromise, writeMutation, writePromise } from '../core/codec/keyed-values.ts'
import type { Event } from '../core/events.ts'
import { type Keyed, newKeyed, type StateMutation, stateKeyBytes, stateKeyText } from '../core/keyed.ts'
import type { ValueSeal } from '../sealing/value-seal.ts'
import { asBuffer } from './row.ts'
import { openKeyedValue, openMutation, sealKeyedValue, sealMutation } from './sealed-columns.ts'
import { textOf, wholeTexts } from './whole-text.ts'

export interface QueuedMutation {
  readonly service: string
  readonly key: string
  readonly mutation: StateMutation
}

const chosenTexts = new Set(['name', 'key'])

/** Reads what belongs to keys: state, promises, and mutations that wait. */
export class KeyedReader {
  readonly #state: StatementSync
  readonly #promises: StatementSync
  readonly #mutations: StatementSync
  readonly #seal: ValueSeal | undefined

  constructor(database: DatabaseSync, seal: ValueSeal | undefined) {
    this.#seal = seal
    this.#state = database.prepare('SELECT name, value FROM state WHERE service = ? AND key = ?')
    this.#promises = database.prepare(
      `SELECT ${wholeTexts(database, ['name', 'promise'], chosenTexts)} FROM promise WHERE service = ? AND key = ?`,
    )
    this.#mutations = database.prepare(
      `SELECT ${wholeTexts(database, ['queue_order', 'service', 'key', 'mutation'], chosenTexts)} FROM mutation ORDER BY queue_order`,
    )
  }

  /** `undefined` when nothing is stored of the key. */
  keyed(service: string, key: string): Keyed | undefined {
    const state = this.#state.all(service, key)
    const promises = this.#promises.all(service, key)
    if (state.length === 0 && promises.length === 0) return undefined
    const keyed = newKeyed(service, key)
    for (const { name, value } of state) {
      const open = openKeyedValue(this.#seal, 'state', service, key, name as Uint8Array, value as Uint8Array)
      keyed.state.set(stateKeyText(name as Uint8Array), open)
    }
    for (const row of promises) {
      const name = textOf(row.name)
      const open = openKeyedValue(this.#seal, 'promise', service, key, name, row.promise as Uint8Array)
      const r = new BinaryReader(asBuffer(open), true)
      keyed.promises.set(name, readPromise(r))
    }
    return keyed
  }

  /** In the order of their queue. */
  *mutations(): Iterable<QueuedMutation> {
    for (const row of this.#mutations.all()) {
      const mutation = openMutation(this.#seal, Number(row.queue_order), row.mutation as Uint8Array)
      const r = new BinaryReader(asBuffer(mutation), true)
      yield { service: String(row.service), key: textOf(row.key), mutation: readMutation(r) }
    }
  }
}

/**
 * Writes what belongs to keys. Changes of one key between two checkpoints add up by name; a key that was
 * emptied as a whole is removed first.
 */
export class KeyedWriter {
  readonly #putState: StatementSync
  readonly #removeState: StatementSync
  readonly #clearState: StatementSync
  readonly #putPromise: StatementSync
  readonly #clearPromises: StatementSync
  readonly #putMutation: StatementSync
  readonly #removeMutation: StatementSync
  readonly #writer = new BinaryWriter()
  readonly #changed = new Map<Keyed, Changes>()
  readonly #mutations = new Map<number, QueuedMutation | undefined>()
  readonly #seal: ValueSeal | undefined

  constructor(database: DatabaseSync, seal: ValueSeal | undefined) {
    this.#seal = seal
    this.#putState = database.prepare('INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)')
    this.#removeState = database.prepare('DELETE FROM state WHERE service = ? AND key = ? AND name = ?')
    this.#clearState = database.prepare('DELETE FROM state WHERE service = ? AND key = ?')
    this.#putPromise = database.prepare('INSERT OR REPLACE INTO promise VALUES (?, ?, ?, ?)')
    this.#clearPromises = database.prepare('DELETE FROM promise WHERE service = ? AND key = ?')
    this.#putMutation = database.prepare('INSERT OR REPLACE INTO mutation VALUES (?, ?, ?, ?)')
    this.#removeMutation = database.prepare('DELETE FROM mutation WHERE queue_order = ?')
  }

  /** Notes what an event has changed of its key; the key is as it is after it. */
  note(keyed: Keyed, event: Event): void {
    switch (event.type) {
      case 'state-entry-appended':
        if (event.change.kind === 'clear-all') this.#of(keyed).clearsState = true
        else this.#of(keyed).names.add(stateKeyText(event.change.key))
        return
      case 'mutation-queued':
        this.#mutations.set(event.mutation.order, event)
        return
      case 'mutation-applied':
        this.#mutations.set(event.order, undefined)
        if (event.state === undefined) return
        this.#of(keyed).clearsState = true
        for (const name of keyed.state.keys()) this.#of(keyed).names.add(name)
        return
      case 'promise-awaited':
      case 'promise-completed':
        this.#of(keyed).promises.add(event.name)
        return
      case 'invocation-purged':
        this.#of(keyed).clearsState = true
        this.#of(keyed).clearsPromises = true
    }
  }

  write(): void {
    for (const [keyed, changes] of this.#changed) this.#writeKey(keyed, changes)
    this.#changed.clear()
    for (const [order, queued] of this.#mutations) {
      if (queued === undefined) {
        this.#removeMutation.run(order)
      } else {
        writeMutation(this.#writer, queued.mutation)
        this.#putMutation.run(order, queued.service, queued.key, sealMutation(this.#seal, order, this.#writer.take()))
      }
    }
    this.#mutations.clear()
  }

  /** Keys with changes that are not written yet. */
  *changedKeys(): Iterable<Keyed> {
    yield* this.#changed.keys()
  }

  #writeKey(keyed: Keyed, changes: Changes): void {
    const { service, key, state, promises } = keyed
    if (changes.clearsState) {
      this.#clearState.run(service, key)
      // What was set behind the clearing is there, whichever of the names it has.
      for (const name of state.keys()) changes.names.add(name)
    }
    if (changes.clearsPromises) this.#clearPromises.run(service, key)
    for (const name of changes.names) {
      const value = state.get(name)
      const nameBytes = stateKeyBytes(name)
      if (value !== undefined) {
        this.#putState.run(service, key, nameBytes, sealKeyedValue(this.#seal, 'state', service, key, nameBytes, value))
      } else if (!changes.clearsState) {
        this.#removeState.run(service, key, nameBytes)
      }
    }
    for (const name of changes.promises) {
      const promise = promises.get(name)
      if (promise === undefined) continue
      writePromise(this.#writer, promise)
      const bytes = sealKeyedValue(this.#seal, 'promise', service, key, name, this.#writer.take())
      this.#putPromise.run(service, key, name, bytes)
    }
  }

  #of(keyed: Keyed): Changes {
    let changes = this.#changed.get(keyed)
    if (changes === undefined) {
      changes = { names: new Set(), promises: new Set(), clearsState: false, clearsPromises: false }
      this.#changed.set(keyed, changes)
    }
    return changes
  }
}

interface Changes {
  readonly names: Set<string>
  readonly promises: Set<string>
  clearsState: boolean
  clearsPromises: boolean
}
