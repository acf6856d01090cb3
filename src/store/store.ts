import { once } from 'node:events'
import module from 'node:module'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { DeploymentRecord } from '../core/deployment.ts'
import type { InvocationId, InvocationSeq } from '../core/ids.ts'
import type { Invocation } from '../core/invocation.ts'
import type { JournalEntry } from '../core/journal.ts'
import type { Keyed } from '../core/keyed.ts'
import type { ColdState } from '../core/state.ts'
import type { PerdureError } from '../errors/perdure-error.ts'
import { SealingKeyMissing, SealingTampered } from '../errors/sealing.ts'
import { StoreFailed, StoreFormatUnknown } from '../errors/store.ts'
import type { KeyRing } from '../sealing/key-ring.ts'
import { ValueSeal } from '../sealing/value-seal.ts'
import { KeyedReader, type QueuedMutation } from './keyed-rows.ts'
import { decodeEntries, invocationOf, rowColumns, storedRow } from './row.ts'
import { openDeployment, openEntries, openRow } from './sealed-columns.ts'
import { makeStoreFile } from './store-file.ts'
import type { FromWorker, ToWorker, WorkerOptions } from './worker.ts'

export interface StoreOptions {
  readonly directory: string
  readonly checkpointIntervalMs: number
  /** Runs after a checkpoint: everything up to this log position can be read from the store. */
  readonly onFolded: (position: number) => void
  /** The store is broken; the process should stop. */
  readonly onFatal: (error: Error) => void
  /** Payloads are sealed under the current one. With keys, the caller must be alone with the directory from before it opens the store. */
  readonly keys?: KeyRing | undefined
  /** The store is sealed, but there was no space to remove from the file what was in clear before; the next start tries again. */
  readonly onUncleaned?: (reason: string) => void
}

/**
 * The projection, seen from the main thread: batches of the log go to a worker that writes, reads come
 * from a connection of our own. Batches are buffered for one checkpoint interval.
 */
export class Store implements ColdState {
  /** The SQLite file, for others who read it. */
  readonly file: string
  readonly #worker: Worker
  readonly #reader: DatabaseSync
  readonly #seal: ValueSeal | undefined
  readonly #options: StoreOptions
  readonly #bySeq: StatementSync
  readonly #byId: StatementSync
  readonly #journal: StatementSync
  readonly #keyed: KeyedReader
  readonly #expired: StatementSync
  readonly #waiting: Waiter[] = []
  #batches: Uint8Array[] = []
  #bufferedBytes = 0
  #bufferedTo = 0
  #sentBytes = 0
  #isFolding = false
  #timer: NodeJS.Timeout | undefined
  #folded: number
  #closed = false
  #failure: PerdureError | undefined

  private constructor(file: string, worker: Worker, reader: DatabaseSync, options: StoreOptions) {
    this.file = file
    this.#worker = worker
    this.#reader = reader
    this.#seal = options.keys && new ValueSeal(options.keys, reader)
    this.#options = options
    this.#bySeq = reader.prepare(`SELECT ${rowColumns(reader)} FROM invocation WHERE seq = ?`)
    this.#byId = reader.prepare(`SELECT ${rowColumns(reader)} FROM invocation WHERE id = ?`)
    this.#keyed = new KeyedReader(reader, this.#seal)
    this.#journal = reader.prepare('SELECT entries FROM journal WHERE seq = ? ORDER BY first_index')
    this.#expired = reader.prepare(
      // Not `?1` twice: Node 22.19 does not bind to parameters with a number.
      `SELECT seq FROM invocation WHERE expires_at <= ?
       UNION ALL SELECT seq FROM invocation WHERE journal_expires_at <= ? LIMIT ?`,
    )
    this.#folded = this.#meta('position') ?? 0
    this.#bufferedTo = this.#folded
    worker.on('message', (message: FromWorker) => this.#heard(message))
    worker.on('error', (error) => this.#fail(error))
    worker.on('exit', () => {
      if (!this.#closed || this.#waiting.length > 0) this.#fail(new Error('the worker thread ended'))
    })
  }

  /** Opens or creates the store in a directory of its own. Rejects with PERDURE_ERR_STORE_* and PERDURE_ERR_SEALING_*. */
  static async open(options: StoreOptions): Promise<Store> {
    const file = makeStoreFile(options.directory)
    const worker = startWorker({ file, keys: options.keys?.bytes })
    const uncleaned = await started(worker, file)
    let store: Store
    try {
      store = new Store(file, worker, new DatabaseSync(file, { readOnly: true }), options)
    } catch (cause) {
      // It would keep the process from ending.
      await worker.terminate()
      throw new StoreFailed(`The store ${file} cannot be opened: ${messageOf(cause)}`, { cause })
    }
    if (uncleaned !== undefined) options.onUncleaned?.(uncleaned)
    return store
  }

  /** The log position up to which the store holds everything. */
  get position(): number {
    return this.#folded
  }

  /** Memory that holds what the store has been given and has not written. */
  get pendingBytes(): number {
    return this.#bufferedBytes + this.#sentBytes
  }

  /** The number for the next invocation. */
  nextSeq(): InvocationSeq {
    return this.#meta('next_seq') ?? 1
  }

  *deployments(): Iterable<DeploymentRecord> {
    for (const row of this.#reader.prepare('SELECT id, record FROM deployment').all()) {
      yield JSON.parse(openDeployment(this.#seal, String(row.id), row.record)) as DeploymentRecord
    }
  }

  /** All invocations that are not completed. */
  *unfinished(): Iterable<Invocation> {
    const rows = this.#reader
      .prepare(`SELECT ${rowColumns(this.#reader)} FROM invocation WHERE status <> 'completed' ORDER BY seq`)
      .iterate()
    // Both in the order of seq, so that one pass over each brings a row and its journal together.
    const chunks = this.#reader
      .prepare(
        `SELECT journal.seq, entries FROM invocation CROSS JOIN journal USING (seq)
         WHERE status <> 'completed' ORDER BY invocation.seq, first_index`,
      )
      .iterate()
    let chunk = chunks.next()
    for (const columns of rows) {
      const row = openRow(this.#seal, storedRow(columns))
      const journal: JournalEntry[] = []
      for (; chunk.done !== true && chunk.value.seq === row.seq; chunk = chunks.next()) {
        const entries = openEntries(this.#seal, row.seq, journal.length, chunk.value.entries as Uint8Array)
        for (const entry of decodeEntries(entries)) journal.push(entry)
      }
      yield invocationOf(row, journal)
    }
  }

  /** The next place in a queue. */
  nextOrder(): number {
    return this.#meta('next_order') ?? 1
  }

  /** Replacements of state that wait, in their order. */
  mutations(): Iterable<QueuedMutation> {
    return this.#keyed.mutations()
  }

  keyed(service: string, key: string): Keyed | undefined {
    return this.#keyed.keyed(service, key)
  }

  bySeq(seq: InvocationSeq): Invocation | undefined {
    return this.#optional(this.#bySeq.get(seq))
  }

  byId(id: InvocationId): Invocation | undefined {
    return this.#optional(this.#byId.get(id))
  }

  /** Completed invocations that have something past its retention at `now`. */
  expired(now: number, limit: number): InvocationSeq[] {
    return this.#expired.all(now, now, limit).map((row) => Number(row.seq))
  }

  /** Takes over a durable batch that ends at `position`. The buffer must not be used any more. */
  fold(position: number, batch: Buffer): void {
    // The log has it, and the process is about to end.
    if (this.#failure !== undefined) return
    this.#batches.push(batch)
    // A batch may be a small part of its buffer, and pins all of it.
    this.#bufferedBytes += batch.buffer.byteLength
    this.#bufferedTo = position
    if (this.#isFolding || this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.#flush(), this.#options.checkpointIntervalMs)
    this.#timer.unref()
  }

  /** Resolves when everything given to `fold` so far can be read. Rejects with PERDURE_ERR_STORE_FAILED. */
  async checkpoint(): Promise<void> {
    const target = this.#bufferedTo
    while (this.#folded < target) {
      this.#flush()
      await this.#next('folded')
    }
  }

  /**
   * Resolves with the position up to which the store is on disk for good: the log before it may be deleted. Rejects with
   * PERDURE_ERR_STORE_FAILED.
   */
  async sync(): Promise<number> {
    if (this.#failure === undefined) this.#send({ type: 'sync' })
    const message = await this.#next('synced')
    return message.position
  }

  /** Writes what it has been given, and ends; a store that has failed just ends: the log has the rest. */
  async close(): Promise<void> {
    if (this.#closed) return
    clearTimeout(this.#timer)
    await this.checkpoint().catch(ignoreFailure)
    if (this.#closed) return
    this.#closed = true
    // The writer's connection is the last one, so that SQLite leaves one file, with everything in it.
    this.#reader.close()
    if (this.#failure === undefined) {
      this.#send({ type: 'close' })
      await this.#next('closed').catch(ignoreFailure)
    }
    await this.#worker.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isFolding || this.#batches.length === 0) return
    this.#isFolding = true
    const batches = this.#batches
    this.#batches = []
    this.#sentBytes = this.#bufferedBytes
    this.#bufferedBytes = 0
    // Each batch has a buffer of its own, so it moves to the worker instead of being copied.
    const transfer = batches.map((batch) => batch.buffer as ArrayBuffer)
    this.#send({ type: 'fold', position: this.#bufferedTo, batches }, transfer)
  }

  #send(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  #heard(message: FromWorker): void {
    if (message.type === 'folded') {
      this.#folded = message.position
      this.#sentBytes = 0
      this.#isFolding = false
      if (this.#batches.length > 0) {
        this.#timer ??= setTimeout(() => this.#flush(), this.#options.checkpointIntervalMs).unref()
      }
      this.#options.onFolded(message.position)
    }
    for (const waiter of this.#waiting.splice(0)) waiter.hear(message)
  }

  #next<T extends FromWorker['type']>(type: T): Promise<Extract<FromWorker, { type: T }>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        hear: (message) => {
          if (message.type === type) resolve(message as Extract<FromWorker, { type: T }>)
          else this.#waiting.push(waiter)
        },
        fail: reject,
      }
      this.#waiting.push(waiter)
    })
  }

  /** The end: nothing more is written, and who waits for that is told. */
  #fail(cause: Error): void {
    if (this.#failure !== undefined) return
    const failure = new StoreFailed(`The store failed: ${cause.message}. The log has everything.`, { cause })
    this.#failure = failure
    clearTimeout(this.#timer)
    this.#batches = []
    for (const waiter of this.#waiting.splice(0)) waiter.fail(failure)
    this.#options.onFatal(failure)
  }

  #optional(row: Record<string, unknown> | undefined): Invocation | undefined {
    return row === undefined ? undefined : this.#invocation(row)
  }

  #invocation(columns: Record<string, unknown>): Invocation {
    const row = openRow(this.#seal, storedRow(columns))
    const journal: JournalEntry[] = []
    for (const { entries } of this.#journal.all(row.seq)) {
      // A chunk is sealed with the number of entries before it.
      const chunk = openEntries(this.#seal, row.seq, journal.length, entries as Uint8Array)
      for (const entry of decodeEntries(chunk)) journal.push(entry)
    }
    return invocationOf(row, journal)
  }

  #meta(name: string): number | undefined {
    const row = this.#reader.prepare('SELECT value FROM meta WHERE name = ?').get(name)
    return row === undefined ? undefined : Number(row.value)
  }
}

/** Who waits for a message of the worker. */
interface Waiter {
  readonly hear: (message: FromWorker) => void
  readonly fail: (error: PerdureError) => void
}

/** It has been reported as fatal. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof StoreFailed)) throw error
}

/**
 * Runs worker.ts. It is imported from plain text, so that the thread finds its modules in the compile cache of
 * this process, if there is one, instead of compiling them again.
 */
function startWorker(options: WorkerOptions): Worker {
  // Type-stripped sources and the build run the same file under another name.
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
  const url = new URL(`./worker.${extension}`, import.meta.url).href
  const cacheDirectory = module.getCompileCacheDir()
  const start = `
    const { cacheDirectory, url } = require('node:worker_threads').workerData
    if (cacheDirectory !== undefined) require('node:module').enableCompileCache(cacheDirectory)
    import(url)
  `
  return new Worker(start, {
    eval: true,
    workerData: { ...options, url, cacheDirectory },
    // It lives on what one checkpoint needs; a larger young generation would only be slower to return memory.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
    // As in main.ts: the SQLite of Node 22 would say that it is experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
}

/** The worker's first message says whether it has opened the file, and what it could not remove from it. */
async function started(worker: Worker, file: string): Promise<string | undefined> {
  let message: FromWorker
  try {
    const received = await once(worker, 'message')
    message = received[0]
  } catch (cause) {
    throw new StoreFailed(`The store ${file} cannot be opened: ${messageOf(cause)}`, { cause })
  }
  if (message.type === 'ready') return message.uncleaned
  if (message.type !== 'refused') throw new Error(`invariant: the worker begins with ${message.type}`)
  const { code, message: text } = message
  const refusals = [SealingKeyMissing, SealingTampered, StoreFormatUnknown]
  const Refusal = refusals.find(({ definition }) => definition.code === code) ?? StoreFailed
  throw new Refusal(text)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
