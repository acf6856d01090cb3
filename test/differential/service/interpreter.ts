import {
  type Context,
  type InvocationId,
  InvocationIdParser,
  type internal,
  type ObjectContext,
  PauseError,
  RestatePromise,
  RetryableError,
  type Serde,
  TerminalError,
  type WorkflowContext,
} from '@restatedev/restate-sdk'
import type { ProcessMemory } from './process-memory.ts'
import type { Awaited, CallOptions, Json, Program, Step } from './program.ts'

const jsonSerde: Serde<Json> = {
  contentType: 'application/json',
  serialize: (value) => Buffer.from(JSON.stringify(value)),
  deserialize: (bytes) => (bytes.length === 0 ? null : JSON.parse(Buffer.from(bytes).toString())),
}

/** Where a program runs, beside its context. */
export interface Surroundings {
  readonly memory: ProcessMemory
  /** What this process appends to the name of each of its services, so that several modes fit on one server. */
  readonly suffix: string
  readonly version: number
}

/** Runs programs of the scenarios with the official SDK. */
export class Interpreter {
  readonly #ctx: Context
  readonly #surroundings: Surroundings
  readonly #variables = new Map<string, Json>()
  readonly #started = new Map<string, RestatePromise<unknown>>()
  readonly #server: string

  constructor(ctx: Context, surroundings: Surroundings) {
    this.#ctx = ctx
    this.#surroundings = surroundings
    this.#server = String(ctx.request().attemptHeaders.get('x-restate-cluster-name'))
    surroundings.memory.count(this.#server, `attempts ${ctx.request().id}`)
  }

  async run(program: Program): Promise<Json[]> {
    const results: Json[] = []
    for (const step of program) results.push(await this.#execute(this.#substitute(step)))
    return results
  }

  /** Replaces variables in the arguments of one step; a nested program gets those that are known by now. */
  #substitute(step: Step): Step {
    return JSON.parse(JSON.stringify(step), (_key, value: unknown) => {
      if (typeof value !== 'string' || !value.startsWith('$')) return value
      const known = this.#variables.get(value.slice(1))
      return known === undefined ? value : known
    })
  }

  async #execute(step: Step): Promise<Json> {
    const ctx = this.#ctx
    const { memory, version } = this.#surroundings
    switch (step[0]) {
      case 'value':
        return step[1]
      case 'attempts':
        return memory.counted(this.#server, `attempts ${ctx.request().id}`)
      case 'header':
        return ctx.request().headers.get(step[1]) ?? null
      case 'headers':
        return Object.fromEntries(ctx.request().headers)
      case 'id':
        return ctx.request().id
      case 'target':
        return ctx.request().target.toString()
      case 'uuid':
        return ctx.rand.uuidv4()
      case 'version':
        return version
      case 'mark':
        return memory.count(this.#server, `mark ${step[1]}`)
      case 'gate':
        await memory.passGate(this.#server, step[1])
        return null
      case 'fail':
        throw new TerminalError(step[2], { errorCode: step[1], ...(step[3] && { metadata: { ...step[3] } }) })
      case 'crash':
        if (this.#failures(step[2]) <= step[1]) throw new Error(step[2])
        return null
      case 'retryAfter':
        if (this.#failures('later') <= step[1]) throw new RetryableError('later', { retryAfter: step[2] })
        return null
      case 'get':
        return this.#object().get<Json>(step[1])
      case 'set':
        this.#object().set(step[1], step[2])
        return null
      case 'clear':
        this.#object().clear(step[1])
        return null
      case 'clearAll':
        this.#object().clearAll()
        return null
      case 'keys':
        return this.#object().stateKeys()
      case 'send': {
        const { delayMs, idempotencyKey, headers } = step[3] ?? {}
        const handle = ctx.genericSend<Json>({
          ...this.#target(step[1]),
          parameter: json(step[2]),
          inputSerde: jsonSerde,
          ...(delayMs !== undefined && { delay: delayMs }),
          ...(idempotencyKey !== undefined && { idempotencyKey }),
          ...(headers !== undefined && { headers: { ...headers } }),
        })
        return await handle.invocationId
      }
      case 'resolve':
        ctx.resolveAwakeable(step[1], step[2])
        return null
      case 'reject':
        ctx.rejectAwakeable(step[1], step[2])
        return null
      case 'signalTo':
        ctx.invocation(invocationId(step[1])).signal(step[2]).resolve(step[3])
        return null
      case 'rejectSignalTo':
        ctx.invocation(invocationId(step[1])).signal(step[2]).reject(step[3])
        return null
      case 'peek':
        return (await this.#workflow().promise<Json>(step[1]).peek()) ?? null
      case 'resolvePromise':
        await this.#workflow().promise<Json>(step[1]).resolve(step[2])
        return null
      case 'rejectPromise':
        await this.#workflow().promise<Json>(step[1]).reject(step[2])
        return null
      case 'cancel':
        ctx.cancel(invocationId(step[1]))
        return null
      case 'start':
        this.#started.set(step[1], this.#begin(step[2]))
        return null
      case 'await':
        return json(await this.#startedAs(step[1]))
      case 'orTimeout':
        return json(await this.#startedAs(step[1]).orTimeout(step[2]))
      case 'all':
        return json(await RestatePromise.all(step[1].map((name) => this.#startedAs(name))))
      case 'race':
        return json(await RestatePromise.race(step[1].map((name) => this.#startedAs(name))))
      case 'any':
        return json(await RestatePromise.any(step[1].map((name) => this.#startedAs(name))))
      case 'allSettled': {
        const settled = await RestatePromise.allSettled(step[1].map((name) => this.#startedAs(name)))
        return settled.map((one) =>
          one.status === 'fulfilled' ? { value: json(one.value) } : { error: errorView(one.reason) },
        )
      }
      case 'let': {
        const value = await this.#execute(step[2])
        this.#variables.set(step[1], value)
        return value
      }
      case 'catch':
        return this.#catch(step[1])
      default:
        return json(await this.#begin(step))
    }
  }

  async #catch(program: Program): Promise<Json> {
    try {
      return { results: await this.run(program) }
    } catch (error) {
      if (error instanceof TerminalError) return { error: errorView(error) }
      throw error
    }
  }

  /** Starts what the SDK answers with a promise of its own. */
  #begin(step: Awaited): RestatePromise<unknown> {
    const ctx = this.#ctx
    switch (step[0]) {
      case 'run':
        return ctx.run(step[1], () => step[2])
      case 'runMark':
        return ctx.run(step[1], () => this.#surroundings.memory.count(this.#server, `mark ${step[1]}`))
      case 'runFlaky':
        return ctx.run(
          step[1],
          () => {
            const calls = this.#failures(step[1])
            if (calls <= step[2]) throw new Error(`${step[1]} ${calls}`)
            return calls
          },
          { ...step[3] },
        )
      case 'runTerminal':
        return ctx.run(step[1], () => {
          throw new TerminalError(step[3], { errorCode: step[2], ...(step[4] && { metadata: { ...step[4] } }) })
        })
      case 'runFor':
        return ctx.run(step[1], async () => {
          await new Promise((resolve) => setTimeout(resolve, step[2]))
          return this.#surroundings.memory.count(this.#server, `mark ${step[1]} ${ctx.request().id}`)
        })
      case 'runPausing':
        return ctx.run(step[1], () => {
          if (this.#failures(step[1]) === 1) throw new PauseError('paused by its closure')
          return 'resumed'
        })
      case 'sleep':
        return ctx.sleep(step[1])
      case 'call':
      case 'callJson':
        return this.#call(step[1], json(step[2]), step[3] ?? {})
      case 'awakeable': {
        const { id, promise } = ctx.awakeable<Json>()
        this.#variables.set(step[1], id)
        return promise
      }
      case 'signal':
        return ctx.signal<Json>(step[1])
      case 'promise':
        return this.#workflow().promise<Json>(step[1]).get()
      case 'attach':
        return ctx.attach<Json>(invocationId(step[1]))
      case 'cancellation':
        return this.#internal().cancellation()
    }
  }

  #call(target: string, parameter: Json, options: CallOptions): RestatePromise<Json> {
    const { idempotencyKey, headers } = options
    return this.#ctx.genericCall<Json, Json>({
      ...this.#target(target),
      parameter,
      inputSerde: jsonSerde,
      outputSerde: jsonSerde,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(headers !== undefined && { headers: { ...headers } }),
    })
  }

  #target(text: string): { service: string; method: string; key?: string } {
    const [service = '', ...rest] = text.split('/')
    const method = rest.pop() ?? ''
    const [key] = rest
    return { service: `${service}${this.#surroundings.suffix}`, method, ...(key !== undefined && { key }) }
  }

  #startedAs(variable: string): RestatePromise<unknown> {
    const promise = this.#started.get(variable)
    if (promise === undefined) throw new TerminalError(`nothing was started as ${variable}`)
    return promise
  }

  /** How often this invocation has come to a failing step, this time included. */
  #failures(name: string): number {
    return this.#surroundings.memory.count(this.#server, `failure ${name} ${this.#ctx.request().id}`)
  }

  // What an object's or workflow's handler has beyond a service's is there at run time; the SDK refuses its use elsewhere.
  #object(): ObjectContext {
    return this.#ctx as ObjectContext
  }

  #workflow(): WorkflowContext {
    return this.#ctx as WorkflowContext
  }

  #internal(): internal.ContextInternal {
    return this.#ctx as internal.ContextInternal
  }
}

function invocationId(text: string): InvocationId {
  return InvocationIdParser.fromString(text)
}

function json(value: unknown): Json {
  return value === undefined ? null : JSON.parse(JSON.stringify(value))
}

function errorView(error: unknown): Json {
  if (!(error instanceof TerminalError)) return String(error)
  return {
    name: error.name,
    code: error.code,
    message: error.message,
    ...(error.metadata && { metadata: error.metadata }),
  }
}
