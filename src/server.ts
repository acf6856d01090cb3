import type { Listeners } from './assembly.ts'
import type { Config } from './config/config.ts'
import { openEngine } from './engine.ts'
import type { IdTokens } from './gcp/id-tokens.ts'
import type { Logger } from './telemetry/logger.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Logger
  readonly version: string
  /** The server has failed for good, most likely because of its disk. The process should end. */
  readonly onFatal: (error: Error) => void
  /** For tests: other tokens than those of this machine. Closed with the server. */
  readonly idTokens?: IdTokens
}

/** A running server. `close` stops it in order: no new requests, no new attempts, everything on disk. */
export class Server implements AsyncDisposable {
  /** Where the data is. */
  readonly directory: string
  readonly listeners: Listeners
  readonly #closers: (() => Promise<void>)[]
  #closed: Promise<void> | undefined

  private constructor(directory: string, listeners: Listeners, closers: (() => Promise<void>)[]) {
    this.directory = directory
    this.listeners = listeners
    this.#closers = closers
  }

  /**
   * Opens log and store, makes the state again, and listens. Rejects with the error of whatever cannot start;
   * nothing stays open then.
   */
  static async start(options: ServerOptions): Promise<Server> {
    const closers: (() => Promise<void>)[] = []
    try {
      // The store's thread starts while this one loads everything else.
      const [engine, { assemble }] = await Promise.all([openEngine(options, closers), import('./assembly.ts')])
      const listeners = await assemble(options, engine, closers)
      return new Server(engine.directory, listeners, closers)
    } catch (error) {
      await closeAll(closers)
      throw error
    }
  }

  close(): Promise<void> {
    this.#closed ??= closeAll(this.#closers)
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Last opened, first closed. One that fails does not keep the others open. */
async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const close of closers.splice(0).reverse()) {
    try {
      await close()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'the server did not stop cleanly')
}
