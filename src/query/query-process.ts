import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import module from 'node:module'
import { setPriority } from 'node:os'
import type { PerdureErrorConstructor } from '../errors/perdure-error.ts'
import {
  QueryAborted,
  QueryFailed,
  QueryInvalid,
  QueryOutOfMemory,
  QueryProcessFailed,
  QueryRefused,
  QueryResultTooLarge,
  QueryTimeout,
  QueryTooComplex,
  QueryUnsupported,
} from '../errors/query.ts'
import type { FromProcess, ProcessOptions, RunQuery, SealingKeys } from './process/messages.ts'
import { memoryMark } from './process/watchdog.ts'

/** Errors that the process finds; it names them by code. */
const errors: ReadonlyMap<string, PerdureErrorConstructor> = new Map(
  [QueryRefused, QueryInvalid, QueryUnsupported, QueryFailed, QueryTooComplex, QueryResultTooLarge].map((error) => [
    error.definition.code,
    error,
  ]),
)

/** Lower than the server's: calls come first. Ten steps of twenty. */
const NICENESS = 10

/** Long: its priority is low, and a machine that has much else to do starts it late. */
const START_TIMEOUT_MS = 60_000

/**
 * A process that runs queries. It is not a thread, because nothing stops a thread that is inside of SQLite, and a query that is too slow or
 * too large has to be stopped: a process can be killed, with all the memory that it holds.
 */
export class QueryProcess {
  readonly #child: ChildProcess
  readonly #ready: Promise<void>
  #said = ''
  #onMessage: ((message: FromProcess) => void) | undefined
  #isGone = false

  /** `keys` open the store, if it is sealed. */
  constructor(started: Omit<ProcessOptions, 'isSealed'>, keys?: readonly Uint8Array[]) {
    const options = { ...started, isSealed: keys !== undefined }
    // Type-stripped sources and the build run the same file under another name.
    const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
    // The rest is for SQLite. A larger heap would only collect more that nobody needs any more.
    const heapMegabytes = Math.max(64, Math.floor((options.maxMemoryBytes * 3) / 8 / 1024 / 1024))
    this.#child = fork(new URL(`./process/main.${extension}`, import.meta.url), [], {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${heapMegabytes}`, '--disable-warning=ExperimentalWarning'],
      // Nothing of the server's environment: it may hold secrets, and this process needs none of them.
      env: processEnvironment(options),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.on('message', (message) => this.#onMessage?.(message as FromProcess))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-2000)
    })
    this.#child.once('exit', () => {
      this.#isGone = true
    })
    this.#child.once('error', () => {
      this.#isGone = true
    })
    this.#lowerPriority()
    this.#ready = this.#exchange(
      (message) => {
        if (message.type !== 'wants-keys') return message.type === 'ready' ? undefined : fail(message)
        this.#child.send({ keys: keys ?? [] } satisfies SealingKeys)
        return 'more'
      },
      undefined,
      AbortSignal.timeout(START_TIMEOUT_MS),
    )
    // Told by the first query; until then nobody may be waiting.
    this.#ready.catch(() => {})
  }

  get isUsable(): boolean {
    return !this.#isGone
  }

  /**
   * Runs one query; no other may run. When `signal` is aborted, the process is killed and its reason thrown. Throws
   * PERDURE_ERR_QUERY_*.
   */
  async run(query: RunQuery, timeoutMs: number, signal: AbortSignal): Promise<Buffer[]> {
    await this.#ready
    const timeout = AbortSignal.timeout(timeoutMs)
    const chunks: Buffer[] = []
    try {
      await this.#exchange(
        (message) => {
          if (message.type === 'failed' && message.isLast) this.#kill()
          if (message.type !== 'chunk') return message.type === 'done' ? undefined : fail(message)
          const { bytes } = message
          chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
          return 'more'
        },
        query,
        AbortSignal.any([timeout, signal]),
      )
      return chunks
    } catch (error) {
      if (signal.aborted)
        throw new QueryAborted('The query was stopped: nobody waits for its answer any more', { cause: error })
      if (timeout.aborted) {
        throw new QueryTimeout(
          `The query took longer than ${timeoutMs / 1000} s and was stopped; narrow it by id, service, key, status or time`,
        )
      }
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#isGone || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  /** Sends, and hears until `hear` gives `undefined`; what it throws rejects. The end of the process rejects too. */
  #exchange(
    hear: (message: FromProcess) => 'more' | undefined,
    query: RunQuery | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = this.#child
      const settle = (error?: Error): void => {
        this.#onMessage = undefined
        child.off('close', onClose)
        child.off('error', settle)
        signal?.removeEventListener('abort', onAbort)
        if (error === undefined) resolve()
        else reject(error)
      }
      const onClose = (): void => settle(this.#failure())
      const onAbort = (): void => this.#kill()
      if (this.#isGone) return settle(this.#failure())
      child.once('close', onClose)
      child.once('error', settle)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
      this.#onMessage = (message) => {
        try {
          if (hear(message) === undefined) settle()
        } catch (error) {
          settle(error instanceof Error ? error : new Error(String(error)))
        }
      }
      if (query !== undefined) child.send(query)
    })
  }

  #kill(): void {
    this.#isGone = true
    this.#child.kill('SIGKILL')
  }

  #failure(): Error {
    if (this.#said.includes(memoryMark.trim()) || this.#said.includes('heap out of memory')) {
      return new QueryOutOfMemory(
        'The query needs too much memory; select fewer columns or rows, or sort fewer of them',
      )
    }
    return new QueryProcessFailed(
      `The process that runs queries ended: ${this.#said.trim().split('\n').at(-1) || 'it was killed'}`,
    )
  }

  #lowerPriority(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      setPriority(pid, NICENESS)
    } catch {
      // Not allowed everywhere; queries run all the same.
    }
  }
}

/** The compile cache, if there is one, makes it start faster; Windows needs to know where it is. */
function processEnvironment(options: ProcessOptions): Record<string, string> {
  const cacheDirectory = module.getCompileCacheDir()
  const { SystemRoot: systemRoot } = process.env
  return {
    PERDURE_QUERY_PROCESS: JSON.stringify(options),
    ...(cacheDirectory !== undefined && { NODE_COMPILE_CACHE: cacheDirectory }),
    ...(systemRoot !== undefined && { SystemRoot: systemRoot }),
  }
}

function fail(message: FromProcess): never {
  if (message.type !== 'failed') throw new Error(`invariant: the query process said ${message.type}`)
  const Constructor = errors.get(message.code) ?? QueryFailed
  throw new Constructor(message.message)
}
