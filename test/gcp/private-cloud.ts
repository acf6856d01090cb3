import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { loadConfig } from '../../src/config/load-config.ts'
import { IdTokens, type IdTokensOptions } from '../../src/gcp/id-tokens.ts'
import { Server } from '../../src/server.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { version } from '../../src/version.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { CloudRun } from './cloud-run.ts'
import { accountKey, keyAccount } from './credential-files.ts'
import { GoogleFakes } from './google-fakes.ts'
import { startSdkService } from './sdk-service.ts'

export interface PrivateCloudOptions {
  readonly protocol?: 'h2c' | 'http/1.1'
  /** Configuration of the server, as environment variables. */
  readonly config?: Readonly<Record<string, string>>
  readonly tokens?: Omit<IdTokensOptions, 'env' | 'redirect'>
  readonly identityKeys?: string[]
}

export interface JsonAnswer {
  readonly status: number
  readonly json: unknown
}

/** A server of ours in this process, Google as it sees it, and a private Cloud Run service of the official SDK. */
export class PrivateCloud {
  readonly fakes: GoogleFakes
  readonly service: CloudRun
  /** The server's environment, as far as credentials are concerned: at first only the metadata server. */
  readonly env: Record<string, string>
  /** The whole log, at level trace. */
  readonly lines: string[] = []
  readonly baseDir: string
  readonly #options: PrivateCloudOptions
  #server: Server | undefined

  private constructor(fakes: GoogleFakes, service: CloudRun, baseDir: string, options: PrivateCloudOptions) {
    this.fakes = fakes
    this.service = service
    this.env = { ...fakes.env }
    this.baseDir = baseDir
    this.#options = options
  }

  static async start(t: Test, options: PrivateCloudOptions = {}): Promise<PrivateCloud> {
    const fakes = await GoogleFakes.start(t)
    fakes.accountKeys.set(keyAccount, accountKey)
    const container = await startSdkService(t, options.protocol, options.identityKeys)
    const service = await CloudRun.start(t, { container, jwksUrl: fakes.jwksUrl })
    const cloud = new PrivateCloud(fakes, service, shortDirectory(t), options)
    t.teardown(() => cloud.#server?.close())
    await cloud.restart()
    return cloud
  }

  /** Another server on the same data, with an empty cache. */
  async restart(): Promise<void> {
    await this.#server?.close()
    this.#server = await startServer(this, this.#options)
  }

  async close(): Promise<void> {
    await this.server.close()
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error('the server has not started')
    return this.#server
  }

  /** Makes these the only credentials. */
  use(env: Readonly<Record<string, string>>): void {
    for (const name of Object.keys(this.env)) delete this.env[name]
    Object.assign(this.env, env)
  }

  get admin(): string {
    return this.server.listeners.admin.addresses[0]?.url ?? ''
  }

  get ingress(): string {
    return this.server.listeners.ingress.addresses[0]?.url ?? ''
  }

  get fabric(): string {
    return this.server.listeners.fabric.addresses[0]?.url ?? ''
  }

  /** `auth` is the content of GoogleIdToken; without it there is no authentication. */
  register(auth?: object, more: object = {}): Promise<JsonAnswer> {
    const authentication = auth === undefined ? {} : { auth: { GoogleIdToken: auth } }
    return this.ask('POST', `${this.admin}/deployments`, { uri: this.service.origin, ...authentication, ...more })
  }

  call(handler: string, input: unknown, service = 'Greeter'): Promise<JsonAnswer> {
    return this.ask('POST', `${this.ingress}/${service}/${handler}`, input)
  }

  async send(handler: string, input: unknown): Promise<string> {
    const { json } = await this.ask('POST', `${this.ingress}/Greeter/${handler}/send`, input)
    return String(record(json).invocationId)
  }

  attach(id: string): Promise<JsonAnswer> {
    return this.ask('GET', `${this.ingress}/restate/attach/${id}`)
  }

  async invocation(id: string): Promise<Record<string, unknown>> {
    return record((await this.ask('GET', `${this.admin}/invocations/${id}`)).json)
  }

  /** The one deployment, as it is shown. */
  async deployment(): Promise<Record<string, unknown>> {
    const { json } = await this.ask('GET', `${this.admin}/deployments`)
    const { deployments } = record(json)
    return record(Array.isArray(deployments) ? deployments[0] : undefined)
  }

  /** Changes the one deployment. */
  async patch(change: object): Promise<JsonAnswer> {
    return this.ask('PATCH', `${this.admin}/deployments/${(await this.deployment()).id}`, change)
  }

  async untilStatus(id: string, status: string): Promise<Record<string, unknown>> {
    for (let tries = 0; tries < 3000; tries++) {
      const invocation = await this.invocation(id)
      if (invocation.status === status) return invocation
      await sleep(10)
    }
    throw new Error(`${id} never became ${status}`)
  }

  async ask(method: string, url: string, body?: unknown): Promise<JsonAnswer> {
    const response = await fetch(url, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, json: text === '' ? undefined : parsed(text) }
  }
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`expected an object, got ${JSON.stringify(value)}`)
  return { ...value }
}

/** Errors of decoding are plain text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function startServer(
  { env, fakes, lines, baseDir }: PrivateCloud,
  options: PrivateCloudOptions,
): Promise<Server> {
  const loaded = loadConfig({
    argv: [],
    cwd: baseDir,
    env: {
      RESTATE_BASE_DIR: baseDir,
      RESTATE_NODE_NAME: 'test',
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_LOG_FILTER: 'trace',
      RESTATE_LOG_FORMAT: 'json',
      ...options.config,
    },
  })
  if (!('config' in loaded)) throw new Error('a configuration was asked for')
  const { config } = loaded
  return await Server.start({
    config,
    log: createLogger(config, { write: (line) => lines.push(line) }),
    version,
    onFatal: (error) => {
      throw error
    },
    // On a slow machine five seconds are not long.
    idTokens: new IdTokens({ timeoutMs: 60_000, ...options.tokens, env, redirect: fakes.redirect }),
  })
}
