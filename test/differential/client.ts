import { type Answer, adminAnswer, ingressAnswer } from './answers.ts'
import { awakeableId } from './awakeable-id.ts'
import { exchange, type HttpAnswer } from './http.ts'
import { exchangeHttp2 } from './http2.ts'
import { type Introspection, type InvocationView, introspectionOf } from './introspection.ts'
import type { Pass, Services, Side } from './passes.ts'
import { describeRequest } from './request-count.ts'
import type { RevisionKind } from './service/definitions.ts'
import type { Json, Program } from './service/program.ts'

export interface CallOptions {
  readonly idempotencyKey?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Behind `?`. */
  readonly query?: string
  readonly method?: string
  /** Over HTTP/2, with prior knowledge. */
  readonly http2?: boolean
}

/** A body that is not JSON. */
export interface RawBody {
  readonly type: string | undefined
  readonly bytes: Buffer
}

const POLL_MS = 20
const EVENTUALLY_MS = 10_000

/** What a scenario can do with one server, in one pass. */
export class Client {
  /** A text that no other scenario has; the same on both servers. Key of objects and workflows, idempotency key, … */
  readonly key: string
  /** Name of a service that belongs to the scenario, without the suffix of the pass. */
  readonly ownService: string
  readonly side: Side
  readonly pass: Pass
  readonly #services: Services
  readonly #introspection: Introspection

  constructor(side: Side, pass: Pass, services: Services, key: string) {
    this.side = side
    this.pass = pass
    this.key = key
    this.ownService = `Own${key.replaceAll('-', '')}`
    this.#services = services
    this.#introspection = introspectionOf(side)
  }

  /** Runs a program in `Service/handler` or `Object/key/handler`, and waits for the answer. */
  run(target: string, program: Program, options: CallOptions = {}): Promise<Answer> {
    return this.call(target, program, options)
  }

  /** The same without waiting for the result; answers the id of the invocation. */
  async start(target: string, program: Program, options: CallOptions = {}): Promise<string> {
    const { id, status } = await this.send(target, program, options)
    if (id === undefined) throw new Error(`${target} was not accepted: ${status}`)
    return id
  }

  /** A call with any body. */
  call(target: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.ingress(options.method ?? 'POST', `/${this.#target(target)}${query(options.query)}`, body, options)
  }

  /** The same without waiting for the result. */
  send(target: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.ingress(options.method ?? 'POST', `/${this.#target(target)}/send${query(options.query)}`, body, options)
  }

  /** Any request at ingress; `{Name}` in the path becomes the name that the service has in this pass. */
  async ingress(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const answer = ingressAnswer(await this.ingressExchange(method, path, body, options))
    // What there is to say when nobody can be attached to is the server's own text, too.
    const isOwnText = answer.status === 404 && /\battach\b/.test(path)
    return isOwnText ? { ...answer, body: { ...Object(answer.body), message: '…' } } : answer
  }

  /** The same, with the answer as it came. */
  ingressExchange(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<HttpAnswer> {
    const { type, bytes } = encode(body)
    const headers = [
      ...(type === undefined ? [] : [['content-type', type] as const]),
      ...(options.idempotencyKey === undefined ? [] : [['idempotency-key', options.idempotencyKey] as const]),
      ...(options.headers ?? []),
    ]
    this.side.ingressRequests.add(describeRequest(this.key, method, path, headers, bytes, options.http2))
    const send = options.http2 === true ? exchangeHttp2 : exchange
    return send(this.side.ingress + this.#named(path), { method, headers, body: bytes })
  }

  /** Waits for the result of an invocation, named by its id or by a target. Whether it was there already is up to chance. */
  async attach(of: string | Readonly<Record<string, Json>>): Promise<Answer> {
    const { expires: _expires, ...answer } = await this.#result('attach', of)
    return answer
  }

  /** Its result, if there is one by now. */
  output(of: string | Readonly<Record<string, Json>>): Promise<Answer> {
    return this.#result('output', of)
  }

  lookup(target: Readonly<Record<string, Json>>): Promise<Answer> {
    return this.ingress('POST', '/restate/lookup', this.#namedTarget(target))
  }

  resolve(awakeable: string, value: Json): Promise<Answer> {
    return this.ingress('POST', `/restate/awakeables/${awakeable}/resolve`, value)
  }

  reject(awakeable: string, reason: string): Promise<Answer> {
    const body: RawBody = { type: 'text/plain', bytes: Buffer.from(reason) }
    return this.ingress('POST', `/restate/awakeables/${awakeable}/reject`, body)
  }

  /** Id of the first awakeable of an invocation, or of a later one. */
  awakeable(invocation: string, index = 0): string {
    return awakeableId(invocation, 17 + index)
  }

  async admin(method: string, path: string, body?: Json): Promise<Answer> {
    const { type, bytes } = encode(body)
    const headers = [
      ['accept', 'application/json'] as const,
      ...(type === undefined ? [] : [['content-type', type] as const]),
    ]
    return adminAnswer(await exchange(this.side.admin + this.#named(path), { method, headers, body: bytes }))
  }

  /** An operation on one invocation: `cancel`, `kill`, `resume?deployment=latest`, … */
  operate(invocation: string, operation: string): Promise<Answer> {
    return this.admin('PATCH', `/invocations/${invocation}/${operation}`)
  }

  /** Registers a revision of a service. */
  deploy(
    name: string,
    version: number,
    kind: RevisionKind = 'service',
    options: Record<string, Json> = {},
  ): Promise<Answer> {
    return this.admin('POST', '/deployments', { uri: this.revisionUri(name, version, kind), ...options })
  }

  revisionUri(name: string, version: number, kind: RevisionKind = 'service'): string {
    return `${this.#services.uri}/revision/${name}/${version}/${kind}`
  }

  /** Types and names of the journal's entries. */
  journal(invocation: string): Promise<string[]> {
    return this.#introspection.journal(invocation)
  }

  /** `undefined`: there is no such invocation. */
  status(invocation: string): Promise<InvocationView | undefined> {
    return this.#introspection.invocation(invocation)
  }

  /** Waits for a status; answers what was there in the end. */
  async until(invocation: string, status: string): Promise<string> {
    return this.eventually(
      async () => (await this.status(invocation))?.status ?? 'unknown',
      (now) => now === status,
    )
  }

  /** Reads until the value is as wanted, or for some seconds; answers the last value. */
  async eventually<T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
    const deadline = Date.now() + EVENTUALLY_MS
    for (;;) {
      const value = await read()
      if (wanted(value) || Date.now() > deadline) return value
      await this.pause(POLL_MS)
    }
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }

  /** Lets the handlers that wait at a gate of this name go on. */
  async open(gate: string): Promise<void> {
    await this.#control('open', gate)
  }

  /** How often the steps or closures `mark` of this name have run. */
  marks(name: string): Promise<number> {
    return this.#control('count', `mark ${name}`)
  }

  /** Waits until the journal has this many entries, and the handler waits for something durable. Answers the status. */
  async waits(invocation: string, entries: number): Promise<string> {
    await this.eventually(
      () => this.journal(invocation),
      ({ length }) => length >= entries,
    )
    return this.until(invocation, this.pass.mode === 'two-way' ? 'running' : 'suspended')
  }

  attempts(invocation: string): Promise<number> {
    return this.#control('count', `attempts ${invocation}`)
  }

  async #control(action: string, name: string): Promise<number> {
    const search = new URLSearchParams({ server: this.side.cluster, name })
    const { body } = await exchange(`${this.#services.control}/${action}?${search}`, { method: 'POST' })
    return Number(body.toString())
  }

  #result(verb: 'attach' | 'output', of: string | Readonly<Record<string, Json>>): Promise<Answer> {
    return typeof of === 'string'
      ? this.ingress('GET', `/restate/${verb}/${of}`)
      : this.ingress('POST', `/restate/${verb}`, this.#namedTarget(of))
  }

  #namedTarget(target: Readonly<Record<string, Json>>): Record<string, Json> {
    const named = { ...target }
    for (const name of ['service', 'workflowName']) if (typeof named[name] === 'string') named[name] += this.pass.suffix
    return named
  }

  #target(target: string): string {
    return target.replace(/^[^/]+/, (service) => service + this.pass.suffix)
  }

  #named(path: string): string {
    return path.replace(/\{(\w+)\}/g, (_whole, service: string) => service + this.pass.suffix)
  }
}

function query(text: string | undefined): string {
  return text === undefined ? '' : `?${text}`
}

function encode(body: unknown): { type: string | undefined; bytes: string | Buffer | undefined } {
  if (body === undefined) return { type: undefined, bytes: undefined }
  if (isRaw(body)) return body
  return { type: 'application/json', bytes: JSON.stringify(body) }
}

function isRaw(body: unknown): body is RawBody {
  return typeof body === 'object' && body !== null && 'bytes' in body && Buffer.isBuffer(body.bytes)
}
