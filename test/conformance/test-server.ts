import { formatAwakeableId } from '../../src/protocol/ids/awakeable-id.ts'
import { parseInvocationId } from '../../src/protocol/ids/invocation-id.ts'
import { type ServerProcess, startServerProcess } from '../harness/server-process.ts'
import { eventually } from './polling.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: unknown
  /** `x-restate-id` */
  readonly id: string
}

export interface Sent {
  readonly invocationId: string
  readonly status: 'Accepted' | 'PreviouslyAccepted'
  readonly executionTime?: string
}

/** What the tests read of an invocation in the admin API. */
export interface InvocationView {
  readonly id: string
  readonly status: string
  readonly idempotency_key?: string
  readonly invoked_by: string
  readonly restarted_from?: string
  readonly pinned_deployment_id?: string
  readonly pinned_service_protocol_version?: number
  readonly journal_size: number
  readonly completion_result?: string
  readonly completion_failure?: string
  readonly last_failure?: string
  readonly last_failure_error_code?: string
  readonly next_retry_at?: string
  readonly open_calls?: readonly { readonly invocation_id: string }[]
  readonly events?: readonly { readonly event_type: string; readonly last_failure?: string }[]
}

export interface RequestOptions {
  /** Idempotency key. */
  readonly key?: string
  readonly delay?: string
}

export type OperationName = 'cancel' | 'kill' | 'purge' | 'purge-journal' | 'pause' | 'resume' | 'restart-as-new'

/** SDKs count the signals of their awakeables from here. */
export const FIRST_AWAKEABLE = 17

/** A running server, asked through its public APIs only. */
export class TestServer {
  #process: ServerProcess
  readonly #directory: string
  readonly #env: Readonly<Record<string, string>>

  private constructor(directory: string, env: Readonly<Record<string, string>>, process: ServerProcess) {
    this.#directory = directory
    this.#env = env
    this.#process = process
  }

  static async start(directory: string, env: Readonly<Record<string, string>> = {}): Promise<TestServer> {
    return new TestServer(directory, env, await startServerProcess(directory, env))
  }

  /** SIGTERM; resolves when the process has ended. */
  stop(): Promise<void> {
    return this.#process.stop()
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.#process.kill()
  }

  /** A new process on the same data. */
  async startAgain(): Promise<void> {
    this.#process = await startServerProcess(this.#directory, this.#env)
  }

  /** `path`: `Service/handler` or `Object/key/handler`. Resolves when the invocation has ended. */
  call(path: string, input?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.ingress('POST', `/${path}${query({ delay: options.delay })}`, input, options)
  }

  /** Throws when the send is not accepted. */
  async send(path: string, input?: unknown, options: RequestOptions = {}): Promise<Sent> {
    const url = `/${path}/send${query({ delay: options.delay })}`
    const answer = await this.ingress('POST', url, input, options)
    if (answer.status !== 202) throw new Error(`send to ${path}: ${answer.status} ${JSON.stringify(answer.json)}`)
    return answer.json as Sent
  }

  attach(id: string): Promise<Answer> {
    return this.ingress('GET', `/restate/attach/${id}`)
  }

  output(id: string): Promise<Answer> {
    return this.ingress('GET', `/restate/output/${id}`)
  }

  /** Resolves the first awakeable of an invocation, or the one with this index. */
  async resolve(id: string, value: unknown, index = FIRST_AWAKEABLE): Promise<void> {
    const answer = await this.ingress('POST', `/restate/awakeables/${awakeableOf(id, index)}/resolve`, value)
    if (answer.status !== 202) throw new Error(`resolve: ${answer.status} ${JSON.stringify(answer.json)}`)
  }

  async ingress(method: string, path: string, input?: unknown, { key }: RequestOptions = {}): Promise<Answer> {
    return request(method, this.#process.ingress + path, input, key === undefined ? {} : { 'idempotency-key': key })
  }

  async admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return request(method, this.#process.admin + path, body)
  }

  /** Registers a deployment and returns its id; throws when it is refused. */
  async register(uri: string, options: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { status, json } = await this.admin('POST', '/deployments', { uri, ...options })
    if (status !== 200 && status !== 201) throw new Error(`registration: ${status} ${JSON.stringify(json)}`)
    return (json as { id: string }).id
  }

  operate(id: string, operation: OperationName, parameters: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.admin('PATCH', `/invocations/${id}/${operation}${query(parameters)}`)
  }

  /** `undefined`: there is no such invocation. */
  async find(id: string): Promise<InvocationView | undefined> {
    const { status, json } = await this.admin('GET', `/invocations/${id}`)
    return status === 200 ? (json as InvocationView) : undefined
  }

  /** Waits until an invocation has a status. */
  async until(id: string, status: string): Promise<InvocationView> {
    const isThere = (view: InvocationView | undefined): boolean => view?.status === status
    const view = await eventually(`${id} is ${status}`, () => this.find(id), isThere)
    if (view === undefined) throw new Error(`no invocation ${id}`)
    return view
  }

  /** Waits until the journal of an invocation has an entry of this type. */
  async untilEntry(id: string, type: string): Promise<void> {
    await eventually(
      `${type} of ${id}`,
      () => this.journal(id),
      (types) => types.includes(type),
    )
  }

  /** Waits until an invocation waits for a call, and returns the id of the callee. */
  async untilCallee(id: string): Promise<string> {
    const isThere = (view: InvocationView | undefined): boolean => (view?.open_calls ?? []).length > 0
    const view = await eventually(`${id} calls`, () => this.find(id), isThere)
    return view?.open_calls?.[0]?.invocation_id ?? ''
  }

  /** `Command: Run`, `Notification: Run` and so on, in the order of the journal. */
  async journal(id: string): Promise<readonly string[]> {
    const { status, json } = await this.admin('GET', `/invocations/${id}/journal`)
    if (status !== 200) throw new Error(`journal of ${id}: ${status}`)
    return (json as { entries: readonly { entry_type: string }[] }).entries.map((entry) => entry.entry_type)
  }
}

/** An awakeable is a signal of one invocation, so its id follows from that invocation's. */
export function awakeableOf(id: string, index = FIRST_AWAKEABLE): string {
  return formatAwakeableId(parseInvocationId(id), index)
}

async function request(
  method: string,
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: response.status,
    headers: response.headers,
    json: isJson ? JSON.parse(text) : text,
    id: response.headers.get('x-restate-id') ?? '',
  }
}

function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
