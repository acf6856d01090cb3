import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BinaryWriter } from '../core/codec/binary-writer.ts'
import { writeEntry } from '../core/codec/entry-codec.ts'
import { readEvents } from '../core/codec/event-codec.ts'
import type { Event } from '../core/events.ts'
import { evolve } from '../core/evolve.ts'
import type { InvocationSeq } from '../core/ids.ts'
import type { Invocation } from '../core/invocation.ts'
import type { Keyed } from '../core/keyed.ts'
import { PartitionState } from '../core/state.ts'
import type { ValueSeal } from '../sealing/value-seal.ts'
import { KeyedReader, KeyedWriter } from './keyed-rows.ts'
import { columns, invocationOf, rowColumns, rowOf, storedRow } from './row.ts'
import { openRow, sealDeployment, sealEntries, sealRow } from './sealed-columns.ts'

/** What the store holds of an invocation's journal, and what has happened to it since. */
interface Stored {
  /** Entries that are in the store; those in memory come behind them. */
  entryCount: number
  /** Entries that were in the store when the journal was dropped or the invocation purged have to go. */
  dropsJournal: boolean
}

type InvocationEvents = Extract<Event, { readonly seq: InvocationSeq }>

/**
 * Folds events into rows with the core's own `evolve`. Between checkpoints changes add up in memory, so that
 * an invocation which comes and ends within one is written once; unfinished ones stay, without their journal.
 */
export class Projector {
  readonly #database: DatabaseSync
  readonly #seal: ValueSeal | undefined
  readonly #state: PartitionState
  readonly #stored = new Map<InvocationSeq, Stored>()
  readonly #changed = new Set<InvocationSeq>()
  readonly #deployments = new Map<string, string | undefined>()
  readonly #entries = new BinaryWriter()
  readonly #keyedWriter: KeyedWriter
  readonly #replace: StatementSync
  readonly #remove: StatementSync
  readonly #addEntries: StatementSync
  readonly #removeEntries: StatementSync
  readonly #putDeployment: StatementSync
  readonly #removeDeployment: StatementSync
  readonly #putMeta: StatementSync

  /** Payloads are written sealed if there is a `seal`. */
  constructor(database: DatabaseSync, seal: ValueSeal | undefined) {
    this.#database = database
    this.#seal = seal
    const keyedReader = new KeyedReader(database, seal)
    const select = database.prepare(`SELECT ${rowColumns(database)} FROM invocation WHERE seq = ?`)
    this.#state = new PartitionState({
      bySeq: (seq) => {
        const selected = select.get(seq)
        if (selected === undefined) return undefined
        const row = storedRow(selected)
        this.#stored.set(seq, { entryCount: row.entry_count, dropsJournal: false })
        return invocationOf(openRow(seal, row), [])
      },
      // Events name invocations by number.
      byId: () => undefined,
      keyed: (service, key) => keyedReader.keyed(service, key),
    })
    this.#keyedWriter = new KeyedWriter(database, seal)
    this.#replace = database.prepare(`INSERT OR REPLACE INTO invocation VALUES (${columns.map(() => '?').join(', ')})`)
    this.#remove = database.prepare('DELETE FROM invocation WHERE seq = ?')
    this.#addEntries = database.prepare('INSERT INTO journal VALUES (?, ?, ?)')
    this.#removeEntries = database.prepare('DELETE FROM journal WHERE seq = ?')
    this.#putDeployment = database.prepare('INSERT OR REPLACE INTO deployment VALUES (?, ?)')
    this.#removeDeployment = database.prepare('DELETE FROM deployment WHERE id = ?')
    this.#putMeta = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)')
  }

  /** Folds one batch of the log. Nothing is written before `checkpoint`. */
  fold(batch: Buffer): void {
    for (const event of readEvents(batch, false)) this.#apply(event)
  }

  /** Writes what has changed, and the log position that it comes from, in one transaction. */
  checkpoint(position: number): void {
    this.#database.exec('BEGIN')
    try {
      for (const seq of this.#changed) this.#write(seq)
      this.#writeKeys()
      for (const [id, record] of this.#deployments) {
        if (record === undefined) this.#removeDeployment.run(id)
        else this.#putDeployment.run(id, sealDeployment(this.#seal, id, record))
      }
      this.#putMeta.run('position', position)
      if (this.#state.nextSeq > 1) this.#putMeta.run('next_seq', this.#state.nextSeq)
      if (this.#state.nextOrder > 1) this.#putMeta.run('next_order', this.#state.nextOrder)
      this.#database.exec('COMMIT')
    } catch (error) {
      // A full disk makes SQLite do so by itself; asked again it would speak of that and not of the disk.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
    this.#state.removedInCold(this.#changed)
    this.#changed.clear()
    this.#deployments.clear()
  }

  #apply(event: Event): void {
    switch (event.type) {
      case 'deployment-put':
        this.#deployments.set(event.deployment.id, JSON.stringify(event.deployment))
        return
      case 'deployment-removed':
        this.#deployments.set(event.deploymentId, undefined)
        return
      case 'mutation-queued':
      case 'mutation-applied':
      case 'promise-awaited':
      case 'promise-completed':
        evolve(this.#state, event)
        this.#keyedWriter.note(this.#state.keyed(event.service, event.key), event)
        return
      case 'key-taken':
      case 'key-released':
        // Who holds a key follows from the invocations.
        return
      default:
        this.#applyToInvocation(event)
    }
  }

  #applyToInvocation(event: InvocationEvents): void {
    const keyed = this.#keyChangedBy(event)
    evolve(this.#state, event)
    if (keyed !== undefined) this.#keyedWriter.note(keyed, event)
    this.#changed.add(event.seq)
    if (event.type === 'invocation-created') {
      this.#stored.set(event.seq, { entryCount: 0, dropsJournal: false })
    } else if (event.type === 'journal-dropped' || event.type === 'invocation-purged') {
      this.#storedOf(event.seq).dropsJournal = true
    }
  }

  /** The key whose state or promises an event changes, asked before the event applies: a purge forgets its invocation. */
  #keyChangedBy(event: InvocationEvents): Keyed | undefined {
    if (event.type !== 'state-entry-appended' && event.type !== 'invocation-purged') return undefined
    const invocation = this.#state.get(event.seq)
    if (invocation?.target.key === undefined) return undefined
    const { service, key, handlerType } = invocation.target
    const forgetsWorkflow = handlerType === 'Workflow' && invocation.status === 'completed'
    if (event.type === 'invocation-purged' && !forgetsWorkflow) return undefined
    return this.#state.keyed(service, key)
  }

  #writeKeys(): void {
    this.#keyedWriter.write()
    // Keys are read again when they are needed; the queue is not kept here, only in the rows of what waits in it.
    for (const keyed of this.#state.hotKeyed()) this.#state.evictKeyed(keyed)
  }

  #write(seq: InvocationSeq): void {
    const stored = this.#storedOf(seq)
    if (stored.dropsJournal && stored.entryCount > 0) {
      this.#removeEntries.run(seq)
      stored.entryCount = 0
    }
    stored.dropsJournal = false
    const invocation = this.#state.get(seq)
    if (invocation === undefined) {
      this.#remove.run(seq)
      this.#stored.delete(seq)
      return
    }
    this.#writeInvocation(invocation, stored)
    if (invocation.status === 'completed') {
      this.#state.evict(invocation)
      this.#stored.delete(seq)
    }
  }

  #writeInvocation(invocation: Invocation, stored: Stored): void {
    const fresh = invocation.journal
    const row = sealRow(this.#seal, rowOf(invocation, stored.entryCount + fresh.length))
    this.#replace.run(...columns.map((column) => row[column]))
    if (fresh.length === 0) return
    for (const entry of fresh) writeEntry(this.#entries, entry)
    const { seq } = invocation
    const chunk = sealEntries(this.#seal, seq, stored.entryCount, this.#entries.take())
    this.#addEntries.run(seq, stored.entryCount, chunk)
    stored.entryCount += fresh.length
    invocation.journal = []
  }

  #storedOf(seq: InvocationSeq): Stored {
    const stored = this.#stored.get(seq)
    if (stored === undefined) throw new Error(`invariant: invocation ${seq} is unknown to the store`)
    return stored
  }
}
