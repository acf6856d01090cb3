import type { Logger } from './telemetry/logger.ts'

interface Reload {
  readonly name: string
  readonly run: () => void | Promise<void>
}

/**
 * What the server reads again when it is asked to, by SIGHUP or by whoever embeds it: key files, certificates, token
 * files. Each part adds what it has to do; one that fails keeps what it had, is logged, and does not keep the others
 * from theirs.
 */
export class Reloader implements AsyncDisposable {
  readonly #log: Logger
  readonly #reloads: Reload[] = []
  #running: Promise<void> | undefined
  #isAskedAgain = false
  #onSignal: (() => void) | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** `run` throws or rejects to say that what it found cannot be used. It must keep what it had then. */
  add(name: string, run: () => void | Promise<void>): void {
    this.#reloads.push({ name, run })
  }

  /** Listens to SIGHUP of this process, which would end it otherwise. */
  start(): void {
    if (this.#onSignal !== undefined) return
    this.#onSignal = () => {
      void this.reload()
    }
    process.on('SIGHUP', this.#onSignal)
  }

  /**
   * Runs everything that was added, one after another. Never rejects. Asked while it runs, it runs once more: what
   * was read already may be older than the request.
   */
  reload(): Promise<void> {
    if (this.#running !== undefined) {
      this.#isAskedAgain = true
      return this.#running
    }
    this.#running = this.#runAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async close(): Promise<void> {
    if (this.#onSignal !== undefined) process.off('SIGHUP', this.#onSignal)
    this.#onSignal = undefined
    this.#isAskedAgain = false
    this.#reloads.length = 0
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #runAll(): Promise<void> {
    do {
      this.#isAskedAgain = false
      for (const { name, run } of [...this.#reloads]) {
        try {
          await run()
          this.#log.info({ event: 'reloaded', what: name })
        } catch (error) {
          this.#log.error({ event: 'reload-failed', what: name, kept: 'what was in use before', err: error })
        }
      }
    } while (this.#isAskedAgain)
  }
}
