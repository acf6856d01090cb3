import { join } from 'node:path'
import type { Test } from 'tap'
import { type ServiceProcess, startServiceProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { eventually } from './polling.ts'
import { TestServer } from './test-server.ts'

/** What all rows share: a server, and a process with services of the official SDK that is registered there. */
export class Environment {
  readonly server: TestServer
  readonly #service: ServiceProcess

  private constructor(server: TestServer, service: ServiceProcess) {
    this.server = server
    this.#service = service
  }

  static async start(t: Test): Promise<Environment> {
    const [server, service] = await Promise.all([
      TestServer.start(shortDirectory(t)),
      startServiceProcess(join(import.meta.dirname, 'service.ts')),
    ])
    t.teardown(() => Promise.all([server.stop(), service.stop()]))
    await server.register(service.uri)
    return new Environment(server, service)
  }

  // These are taken out of the object by most rows.

  /** A server of a row's own, with the same services: one that it can kill, or with other settings. */
  readonly startServer = async (t: Test, env: Readonly<Record<string, string>> = {}): Promise<TestServer> => {
    const server = await TestServer.start(shortDirectory(t), env)
    t.teardown(() => server.stop())
    await server.register(this.#service.uri)
    return server
  }

  /** What handlers have noted under a name, in this order. It survives servers, and it is not durable. */
  readonly noted = async (name: string): Promise<readonly unknown[]> => {
    const { json } = await this.server.call('Memory/noted', name)
    return json as readonly unknown[]
  }

  /** How many attempts of an invocation have begun. */
  readonly attempts = async (id: string): Promise<number> => (await this.noted(`attempts ${id}`)).length

  readonly untilAttempts = async (id: string, count: number): Promise<void> => {
    await eventually(
      `${count} attempts of ${id}`,
      () => this.attempts(id),
      (attempts) => attempts >= count,
    )
  }
}
