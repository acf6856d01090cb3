import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, type Started, startNode } from '../../examples/processes.ts'
import { register, type ServerProcess, startServerProcess } from '../harness/server-process.ts'
import { IngressClient } from './ingress-client.ts'
import { peakResidentMiB } from './peak-memory.ts'
import type { ServiceReport } from './service-types.ts'

// The handlers of 'exit' below run then, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** Metrics of the server that scenarios wait for. */
export interface ServerFigures {
  readonly timers: number
  readonly inFlight: number
  readonly inMemory: number
  readonly suspended: number
  readonly completed: number
  readonly failed: number
  readonly storePendingBytes: number
}

export interface RigOptions {
  /** Of the server: configuration, or `NODE_OPTIONS`. */
  readonly env?: Readonly<Record<string, string>>
}

/** A server on a directory of its own and the service that it calls, each a process. The server can be killed. */
export class Rig implements AsyncDisposable {
  readonly #env: Readonly<Record<string, string>>
  readonly #directory: string
  readonly #service: Started
  #server: ServerProcess
  #client: IngressClient
  #peakMiB = 0

  private constructor(
    env: Readonly<Record<string, string>>,
    directory: string,
    service: Started,
    server: ServerProcess,
  ) {
    this.#env = env
    this.#directory = directory
    this.#service = service
    this.#server = server
    this.#client = new IngressClient(server.ingress)
    process.on('exit', this.#leaveNothing)
  }

  static async start({ env = {} }: RigOptions = {}): Promise<Rig> {
    const directory = mkdtempSync(join(tmpdir(), 'perdure-stress-'))
    const service = await startNode([join(import.meta.dirname, 'service.ts')], { RESTATE_LOGGING: 'ERROR' }, [
      /report on (http:\S+)/,
      /listening on (http:\S+)/,
    ])
    const server = await startServerProcess(directory, env)
    const rig = new Rig(env, directory, service, server)
    await register(server.admin, service.matches[1]?.[1] ?? '')
    return rig
  }

  /** Of the server that runs now. */
  get ingress(): IngressClient {
    return this.#client
  }

  /** The invocation as admin shows it. */
  async invocation(id: string): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`${this.#server.admin}/invocations/${id}`)
    return (await response.json()) as Readonly<Record<string, unknown>>
  }

  /** SIGKILL: the server loses all that is not on disk. */
  async kill(): Promise<void> {
    await this.#noteMemory()
    await this.#server.kill()
    await this.#client.close()
  }

  /** Starts the server again on its data. Returns how long that took, until it was ready, in ms. */
  async restart(): Promise<number> {
    const before = performance.now()
    this.#server = await startServerProcess(this.#directory, this.#env)
    this.#client = new IngressClient(this.#server.ingress)
    return performance.now() - before
  }

  /** The most memory that the server had resident, in any of its processes so far. */
  async peakMiB(): Promise<number> {
    await this.#noteMemory()
    return this.#peakMiB
  }

  /** What the handlers have seen. */
  async seen(): Promise<ServiceReport> {
    const response = await fetch(this.#service.matches[0]?.[1] ?? '')
    return (await response.json()) as ServiceReport
  }

  async figures(): Promise<ServerFigures> {
    const text = await (await fetch(`${this.#server.fabric}/metrics`)).text()
    const value = (name: string, label = ''): number => {
      const line = text.split('\n').find((line) => line.startsWith(`perdure_${name}{`) && line.includes(label))
      if (line === undefined) throw new Error(`the server has no metric ${name}`)
      return Number(line.slice(line.lastIndexOf(' ')))
    }
    return {
      timers: value('timers'),
      inFlight: value('attempts_in_flight'),
      inMemory: value('invocations_in_memory'),
      suspended: value('attempts_total', 'outcome="suspended"'),
      completed: value('attempts_total', 'outcome="completed"'),
      failed: value('attempts_total', 'outcome="failed"'),
      storePendingBytes: value('store_pending_bytes'),
    }
  }

  /** Asks the server until its figures are as they should be. */
  async until(what: string, limitMs: number, isReached: (figures: ServerFigures) => boolean): Promise<void> {
    const giveUpAt = performance.now() + limitMs
    for (;;) {
      const figures = await this.figures()
      if (isReached(figures)) return
      if (performance.now() > giveUpAt)
        throw new Error(`not within ${limitMs} ms: ${what} (${JSON.stringify(figures)})`)
      await sleep(50)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#leaveNothing)
    await this.#client.close()
    // In order, so that profiles are written.
    await this.#server.stop()
    await end(this.#service.process)
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** When this process is ended from outside, what it started ends too. */
  readonly #leaveNothing = (): void => {
    for (const pid of [this.#server.pid, this.#service.process.pid]) {
      try {
        if (pid !== undefined) process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended before.
      }
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #noteMemory(): Promise<void> {
    this.#peakMiB = Math.max(this.#peakMiB, await peakResidentMiB(this.#server.pid))
  }
}
