import { QueryAborted, QueryOverloaded, QueryProcessFailed, QueryTooComplex } from '../errors/query.ts'
import type { KeyRing } from '../sealing/key-ring.ts'
import type { QueryLimits } from './limits.ts'
import type { LiveAttempt } from './live-attempt.ts'
import type { RunQuery } from './process/messages.ts'
import { contentTypes, type QueryFormat } from './query-format.ts'
import { QueryProcess } from './query-process.ts'
import type { Visibility } from './visibility.ts'

export interface QueryEngineOptions {
  /** The store's SQLite file; only read. */
  readonly databaseFile: string
  /** The keys of the store, if it is sealed. */
  readonly keys?: KeyRing | undefined
  /** Resolves when everything that has been acknowledged is in the file. */
  readonly checkpoint: () => Promise<void>
  /** What the invoker does just now. Asked only by queries that want it. */
  readonly live: () => readonly LiveAttempt[]
  readonly limits: QueryLimits
  /** ms since epoch */
  readonly now?: () => number
  readonly log?: QueryLog
}

/** The part of a logger that is used: pino's order of arguments. */
export interface QueryLog {
  warn(fields: object, event: string): void
}

export interface QueryAnswer {
  readonly contentType: string
  /** The parts of the body. */
  readonly body: readonly Buffer[]
  /** To be called when nobody holds the body any more; until then it counts against what may be held. */
  release(): void
}

interface Slot {
  process: QueryProcess | undefined
  idleTimer: NodeJS.Timeout | undefined
}

/** SQL introspection: read-only queries over the peer's catalogue, run beside the server in processes that start when they are needed. */
export class QueryEngine {
  readonly #options: QueryEngineOptions
  readonly #free: Slot[]
  readonly #slots: readonly Slot[]
  readonly #waiting: ((slot: Slot) => void)[] = []
  readonly #closing = new AbortController()
  #isClosed = false
  /** Of answers that are still being sent. */
  #heldBytes = 0

  constructor(options: QueryEngineOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.limits.concurrency }, () => ({
      process: undefined,
      idleTimer: undefined,
    }))
    this.#free = [...this.#slots]
  }

  /** Queries that run or wait. */
  get pending(): number {
    return this.#slots.length - this.#free.length + this.#waiting.length
  }

  /**
   * Runs one statement. Throws PERDURE_ERR_QUERY_*, whose status is the one for the client. Aborting stops it. Without `visibility` it
   * sees everything: it is then not a user who asks.
   */
  async run(
    sql: string,
    format: QueryFormat,
    signal?: AbortSignal,
    visibility: Visibility = 'everything',
  ): Promise<QueryAnswer> {
    const { limits } = this.#options
    if (Buffer.byteLength(sql) > limits.maxSqlBytes) {
      throw new QueryTooComplex(`The query is longer than ${limits.maxSqlBytes} bytes`)
    }
    if (this.#heldBytes > limits.maxHeldBytes) {
      throw new QueryOverloaded('Clients are slow to read the answers of earlier queries; try again when they have')
    }
    const stop = signal === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal])
    const slot = await this.#take(stop)
    try {
      const body = await this.#runIn(slot, { sql, format, visibility }, stop)
      return { contentType: contentTypes[format], body, release: this.#hold(body) }
    } finally {
      this.#giveBack(slot)
    }
  }

  /** Stops what runs, and ends the processes. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#closing.abort()
    for (const slot of this.#slots) clearTimeout(slot.idleTimer)
    await Promise.all(this.#slots.map((slot) => slot.process?.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #runIn(
    slot: Slot,
    asked: Pick<RunQuery, 'sql' | 'format' | 'visibility'>,
    stop: AbortSignal,
  ): Promise<Buffer[]> {
    const { checkpoint, limits, live, log, now = Date.now } = this.#options
    clearTimeout(slot.idleTimer)
    const isWarm = slot.process?.isUsable === true
    const process = isWarm && slot.process !== undefined ? slot.process : this.#start()
    slot.process = process
    await checkpoint()
    const startedAt = performance.now()
    const { maxRows, maxResultBytes, timeoutMs } = limits
    const wantsLive = /sys_invocation(?!_status)/i.test(asked.sql)
    try {
      const query = { ...asked, nowMs: now(), maxRows, maxResultBytes, live: wantsLive ? live() : [] }
      return await process.run(query, timeoutMs, stop)
    } catch (error) {
      // It may have been killed since its last query, and nobody had noticed yet; it has changed nothing.
      if (isWarm && error instanceof QueryProcessFailed) {
        slot.process = undefined
        return this.#runIn(slot, asked, stop)
      }
      if (!process.isUsable) {
        const durationMs = Math.round(performance.now() - startedAt)
        log?.warn(
          { durationMs, code: error instanceof Error && 'code' in error ? error.code : undefined },
          'query stopped',
        )
      }
      throw error
    }
  }

  #start(): QueryProcess {
    const { databaseFile, keys, limits } = this.#options
    return new QueryProcess({ databaseFile, maxMemoryBytes: limits.maxMemoryBytes }, keys?.bytes)
  }

  #hold(body: readonly Buffer[]): () => void {
    let sizeBytes = body.reduce((sum, part) => sum + part.length, 0)
    this.#heldBytes += sizeBytes
    return () => {
      this.#heldBytes -= sizeBytes
      sizeBytes = 0
    }
  }

  #take(signal: AbortSignal): Promise<Slot> {
    if (signal.aborted) return Promise.reject(aborted())
    // The one whose process runs already.
    const warm = this.#free.findIndex(({ process }) => process?.isUsable === true)
    const [slot] = this.#free.splice(Math.max(0, warm), 1)
    if (slot !== undefined) return Promise.resolve(slot)
    if (this.#waiting.length >= this.#options.limits.maxQueued) {
      return Promise.reject(new QueryOverloaded('Too many queries wait already; try again later'))
    }
    return new Promise((resolve, reject) => {
      const take = (freed: Slot): void => {
        signal.removeEventListener('abort', give)
        resolve(freed)
      }
      const give = (): void => {
        const place = this.#waiting.indexOf(take)
        if (place === -1) return
        this.#waiting.splice(place, 1)
        reject(aborted())
      }
      signal.addEventListener('abort', give, { once: true })
      this.#waiting.push(take)
    })
  }

  #giveBack(slot: Slot): void {
    const next = this.#waiting.shift()
    if (next !== undefined) {
      next(slot)
      return
    }
    this.#free.push(slot)
    if (this.#isClosed) return
    slot.idleTimer = setTimeout(() => {
      const { process } = slot
      slot.process = undefined
      void process?.close()
    }, this.#options.limits.idleTimeoutMs)
    slot.idleTimer.unref()
  }
}

function aborted(): Error {
  return new QueryAborted('The query was stopped: nobody waits for its answer any more')
}
