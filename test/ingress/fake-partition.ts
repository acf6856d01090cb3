import type { Signal } from '../../src/core/commands/command.ts'
import type { InvocationId } from '../../src/core/ids.ts'
import type { Invocation, NewInvocation } from '../../src/core/invocation.ts'
import type { Result } from '../../src/core/journal.ts'
import { Schema } from '../../src/core/schema.ts'
import type {
  Acceptance,
  Completion,
  OutputAnswer,
  PartitionClient,
  Waiting,
} from '../../src/partition/partition-client.ts'

interface Entry {
  readonly request: NewInvocation
  readonly invocation: Invocation
  readonly waiting: Set<(completion: Completion) => void>
}

/** Decides what an invocation does: a result at once, or `undefined` to run until `complete` is called. */
export type Behaviour = (request: NewInvocation) => Result | undefined

export const echo: Behaviour = ({ body }) => ({ kind: 'value', value: body })
export const keepRunning: Behaviour = () => undefined

/** A partition in memory that follows the contract of PartitionClient, without log, timers and services. */
export class FakePartition implements PartitionClient {
  readonly schema = new Schema()
  readonly requests: NewInvocation[] = []
  readonly signals: Signal[] = []
  behaviour: Behaviour = echo
  /** Thrown by send, call, attach, output and signal while set. */
  failure: Error | undefined
  readonly #entries = new Map<InvocationId, Entry>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  get last(): NewInvocation {
    const last = this.requests.at(-1)
    if (last === undefined) throw new Error('there was no request')
    return last
  }

  get waitingCallers(): number {
    let count = 0
    for (const entry of this.#entries.values()) count += entry.waiting.size
    return count
  }

  async send(request: NewInvocation): Promise<Acceptance> {
    if (this.failure !== undefined) throw this.failure
    const known = this.#entries.get(request.id)
    const { invocation } = this.#accept(request)
    return {
      id: request.id,
      status: known === undefined ? 'accepted' : 'previously-accepted',
      executionTime: invocation.status === 'scheduled' ? invocation.executionTime : undefined,
    }
  }

  call(request: NewInvocation): Waiting {
    if (this.failure !== undefined) return failed(this.failure)
    const known = this.#entries.get(request.id)
    if (known !== undefined && request.target.handlerType === 'Workflow') {
      this.requests.push(request)
      return settled({ id: request.id, result: alreadyInvoked, retainedUntil: undefined })
    }
    if (known?.invocation.status === 'completed') return this.attach(request.id)
    const waiting = this.#waitFor(known ?? this.#enter(request))
    this.#accept(request)
    return waiting
  }

  attach(id: InvocationId): Waiting {
    if (this.failure !== undefined) return failed(this.failure)
    const entry = this.#entries.get(id)
    if (entry === undefined) return settled(undefined)
    return entry.invocation.status === 'completed' ? settled(this.#completion(entry, true)) : this.#waitFor(entry)
  }

  async output(id: InvocationId): Promise<OutputAnswer> {
    if (this.failure !== undefined) throw this.failure
    const entry = this.#entries.get(id)
    if (entry === undefined) return { status: 'unknown' }
    if (entry.invocation.status !== 'completed') return { status: 'in-flight' }
    return { status: 'completed', completion: this.#completion(entry, true) }
  }

  async durable(): Promise<void> {}

  invocation(id: InvocationId): Invocation | undefined {
    return this.#entries.get(id)?.invocation
  }

  async signal(signal: Signal): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    this.signals.push(signal)
  }

  async operate(): Promise<never> {
    throw new Error('not part of this fake')
  }

  async mutateState(): Promise<void> {
    throw new Error('not part of this fake')
  }

  async commit(): Promise<void> {
    throw new Error('not part of this fake')
  }

  /** Ends an invocation that is under way. */
  complete(id: InvocationId, result: Result): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new Error(`there is no invocation ${id}`)
    entry.invocation.status = 'completed'
    entry.invocation.completedAt = this.#now()
    entry.invocation.result = result
    const completion = this.#completion(entry, false)
    for (const resolve of entry.waiting) resolve(completion)
    entry.waiting.clear()
    if (entry.request.completionRetentionMs === 0) this.#entries.delete(id)
  }

  /** Starts a scheduled invocation. */
  start(id: InvocationId): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new Error(`there is no invocation ${id}`)
    entry.invocation.status = 'invoked'
    const result = this.behaviour(entry.request)
    if (result !== undefined) this.complete(id, result)
  }

  #accept(request: NewInvocation): Entry {
    this.requests.push(request)
    const entry = this.#entries.get(request.id) ?? this.#enter(request)
    if (entry.invocation.status === 'inboxed') {
      if ((request.executionTime ?? 0) > this.#now()) entry.invocation.status = 'scheduled'
      else this.start(request.id)
    }
    return entry
  }

  #enter(request: NewInvocation): Entry {
    const entry: Entry = { request, invocation: newInvocation(request, this.#now()), waiting: new Set() }
    this.#entries.set(request.id, entry)
    return entry
  }

  #waitFor(entry: Entry): Waiting {
    const { promise, resolve } = Promise.withResolvers<Completion | undefined>()
    entry.waiting.add(resolve)
    return { completion: promise, cancel: () => void entry.waiting.delete(resolve) }
  }

  #completion({ request, invocation }: Entry, retained: boolean): Completion {
    if (invocation.result === undefined) throw new Error('the invocation has no result')
    const completedAt = invocation.completedAt ?? 0
    return {
      id: request.id,
      result: invocation.result,
      retainedUntil: retained ? completedAt + request.completionRetentionMs : undefined,
    }
  }
}

/** What a workflow answers to a call of its run that is not the first. */
const alreadyInvoked: Result = {
  kind: 'failure',
  failure: { code: 409, message: 'the workflow method was already invoked' },
}

function settled(completion: Completion | undefined): Waiting {
  return { completion: Promise.resolve(completion), cancel: () => {} }
}

function failed(error: Error): Waiting {
  return { completion: Promise.reject(error), cancel: () => {} }
}

function newInvocation(request: NewInvocation, now: number): Invocation {
  return {
    seq: 0,
    id: request.id,
    target: request.target,
    source: request.source,
    idempotencyKey: request.idempotencyKey,
    executionTime: request.executionTime,
    completionRetentionMs: request.completionRetentionMs,
    journalRetentionMs: request.journalRetentionMs,
    seedOf: request.id,
    createdAt: now,
    status: 'inboxed',
    modifiedAt: now,
    startedAt: undefined,
    completedAt: undefined,
    journal: [],
    commandCount: 0,
    pinned: undefined,
    retry: undefined,
    failedAttempts: 0,
    awaiting: undefined,
    sleeping: [],
    calls: [],
    queueOrder: undefined,
    pauseRequested: false,
    sinks: [],
    output: undefined,
    result: undefined,
    events: [],
  }
}
