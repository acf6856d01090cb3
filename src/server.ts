import type { Listeners } from './assembly.ts'
import type { Config } from './config/config.ts'
import { refuseExposure } from './config/exposure.ts'
import { openEngine } from './engine.ts'
import type { IdTokens } from './gcp/id-tokens.ts'
import type { ActivatedSockets } from './listen/socket-activation.ts'
import { Reloader } from './reload.ts'
import type { Logger } from './telemetry/logger.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Logger
  readonly version: string
  /** The server has failed for good, most likely because of its disk. The process should end. */
  readonly onFatal: (error: Error) => void
  /** For tests: other tokens than those of this machine. Closed with the server. */
  readonly idTokens?: IdTokens
  /** Sockets that a service manager has passed, to be used in place of those of the configuration. */
  readonly activatedSockets?: ActivatedSockets | undefined
  /** Asks for files to be read again; closed with the server. Without one, `Server.reload` still can. */
  readonly reloader?: Reloader
}

/** A running server. `close` stops it in order: no new requests, no new attempts, everything on disk. */
export class Server implements AsyncDisposable {
  /** Where the data is. */
  readonly directory: string
  readonly listeners: Listeners
  readonly #closers: (() => Promise<void>)[]
  readonly #reloader: Reloader
  #closed: Promise<void> | undefined

  private constructor(directory: string, listeners: Listeners, reloader: Reloader, closers: (() => Promise<void>)[]) {
    this.directory = directory
    this.listeners = listeners
    this.#reloader = reloader
    this.#closers = closers
  }

  /**
   * Opens log and store, makes the state again, and listens. Rejects with the error of whatever cannot start;
   * nothing stays open then.
   */
  static async start(options: ServerOptions): Promise<Server> {
    const closers: (() => Promise<void>)[] = []
    const reloader = options.reloader ?? new Reloader(options.log)
    closers.push(() => reloader.close())
    try {
      refuseExposure(options.config)
      // The store's thread starts while this one loads everything else.
      const opening = openEngine(options, closers)
      const loading = import('./assembly.ts')
      // Both to their end: what the one has opened must be known before the failure of the other closes it.
      await Promise.allSettled([opening, loading])
      const [engine, { assemble }] = await Promise.all([opening, loading])
      const listeners = await assemble({ ...options, reloader }, engine, closers)
      return new Server(engine.directory, listeners, reloader, closers)
    } catch (error) {
      await closeAll(closers)
      throw error
    }
  }

  /** Reads key files, certificates and token files again, as SIGHUP does. Failures are logged; the old ones stay in use. */
  reload(): Promise<void> {
    return this.#reloader.reload()
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
