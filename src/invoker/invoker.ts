import { randomBytes } from 'node:crypto'
import type { Config, InvokerConfig } from '../config/config.ts'
import type { AttemptCommand, AttemptHost, AttemptOrder, AttemptRunner } from '../core/attempts.ts'
import type { DeploymentId, InvocationSeq } from '../core/ids.ts'
import type { Invocation, InvocationTarget } from '../core/invocation.ts'
import type { Header } from '../core/journal.ts'
import type { RetentionDefaults } from '../core/retention-policy.ts'
import type { Schema } from '../core/schema.ts'
import { frameLimitBytes } from '../protocol/frame.ts'
import { invocationIdFor, invocationIdRandomBytes } from '../protocol/ids/derive-invocation-id.ts'
import { messageTypeName } from '../protocol/message-type.ts'
import { Attempt } from './attempt.ts'
import { Deadlines } from './deadlines.ts'
import type { Dialing } from './dialing.ts'
import type { AttemptEnvironment } from './environment.ts'
import { Http11Transport } from './http-11.ts'
import { noTokens, type TokenSource } from './id-token.ts'
import { JournalSize } from './journal-size.ts'
import { OrderQueue } from './order-queue.ts'
import { requestHeaders, type SignRequest } from './request-headers.ts'
import { Router } from './route.ts'
import { SessionPool } from './session-pool.ts'

/** The part of a logger that is used: pino's order of arguments. */
export interface InvokerLog {
  warn(fields: object, event: string): void
}

export interface InvokerOptions {
  readonly schema: Schema
  readonly host: AttemptHost
  readonly config: InvokerConfig
  /** Server-wide retry policy and retention; the whole configuration will do. */
  readonly defaults: RetentionDefaults & Pick<Config, 'defaultRetryPolicy' | 'maxRetryPolicyMaxAttempts'>
  readonly log: InvokerLog
  /** ms since epoch */
  readonly now?: () => number
  /** In [0, 1). */
  readonly random?: () => number
  readonly randomBytes?: (size: number) => Uint8Array
  /** Request identity. */
  readonly sign?: SignRequest
  /** Needed for deployments with authentication. */
  readonly idTokens?: TokenSource
  /** How connections are made: the egress policy, trusted authorities. */
  readonly dialing?: Dialing
}

/** What the invoker knows of an invocation. */
export interface AttemptInspection {
  /** `ended`: it backs off or is suspended; the invocation itself knows which. */
  readonly state: 'queued' | 'in-flight' | 'ended'
  readonly attempt: number
  readonly startedAt: number | undefined
  readonly deploymentId: DeploymentId | undefined
  readonly protocolVersion: number | undefined
  /** `x-restate-server` of the last response. */
  readonly server: string | undefined
}

export interface InvokerCounters {
  attemptsStarted: number
  attemptsFailed: number
  attemptsSuspended: number
  attemptsCompleted: number
  attemptsAborted: number
  /** Commands and run results that services sent. */
  entriesProposed: number
}

/** Ended attempts that `inspect` remembers, for invocations that are backing off. */
const rememberedAttempts = 10_000

/**
 * Runs attempts: a bounded number at once, and only as many as can be sent their journals within the memory limit;
 * the others in the order in which they were ordered.
 */
export class Invoker implements AttemptRunner {
  readonly counters: InvokerCounters = {
    attemptsStarted: 0,
    attemptsFailed: 0,
    attemptsSuspended: 0,
    attemptsCompleted: 0,
    attemptsAborted: 0,
    entriesProposed: 0,
  }
  readonly #host: AttemptHost
  readonly #log: InvokerLog
  readonly #limit: number
  readonly #memoryLimitBytes: number
  readonly #environment: AttemptEnvironment
  readonly #http2: SessionPool
  readonly #http11: Http11Transport
  readonly #deadlines = new Deadlines()
  readonly #queue = new OrderQueue()
  /** The newest attempt of each invocation, as long as it has a stream. */
  readonly #current = new Map<InvocationSeq, Attempt>()
  /** All attempts with a stream: also those that were ended or replaced and only wait for its end. */
  readonly #live = new Set<Attempt>()
  readonly #ended = new Map<InvocationSeq, AttemptInspection>()
  #replayBytes = 0
  #isStartingQueued = false
  #isReadingPaused = false
  #isClosing = false
  #onIdle: (() => void) | undefined

  constructor(options: InvokerOptions) {
    const { config, defaults, dialing, idTokens, schema, sign } = options
    const now = options.now ?? Date.now
    const newRandomBytes = options.randomBytes ?? randomBytes
    const configured: Header[] = Object.entries(config.additionalRequestHeaders).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ])
    this.#host = options.host
    this.#log = options.log
    this.#limit = config.concurrentInvocationsLimit
    this.#memoryLimitBytes = config.memoryLimitBytes
    this.#http2 = new SessionPool(config, dialing)
    this.#http11 = new Http11Transport(config, dialing)
    this.#environment = {
      schema,
      retention: defaults,
      router: new Router(schema, { ...config, ...defaults }),
      http2: this.#http2,
      http11: this.#http11,
      deadlines: this.#deadlines,
      frameLimitBytes: frameLimitBytes(config.messageSizeLimitBytes),
      messageSizeWarningBytes: config.messageSizeWarningBytes,
      journalLimits: {
        length: config.journalLengthLimit,
        bytes: config.perInvocationMemoryLimitBytes,
        futureDepth: config.maxAwaitedFutureDepth,
      },
      now,
      random: options.random ?? Math.random,
      idFor: (target, idempotencyKey) =>
        invocationIdFor(idTarget(target, idempotencyKey), now(), newRandomBytes(invocationIdRandomBytes)),
      idTokens: idTokens ?? noTokens,
      headersOf: (route, invocation, idToken) => requestHeaders(route, invocation, sign, configured, idToken),
      propose: (attempt, command, durable) => this.#propose(attempt, command, durable),
      isReadingPaused: () => this.#isReadingPaused,
      hold: (attempt, bytes) => this.#hold(attempt, bytes),
      release: (attempt) => this.#release(attempt),
      onLargeMessage: (attempt, type, sizeBytes) => {
        const { id } = attempt.order.invocation
        this.#log.warn({ invocationId: id, type: messageTypeName(type), sizeBytes }, 'large message from service')
      },
    }
    this.#host.onDrain(() => this.#resumeReading())
  }

  get inFlight(): number {
    return this.#live.size
  }

  get queued(): number {
    return this.#queue.size
  }

  /** Bytes of journals and state that are on their way to services. */
  get replayBytes(): number {
    return this.#replayBytes
  }

  start(order: AttemptOrder): void {
    if (this.#isClosing) return
    const { seq } = order.invocation
    this.#abortCurrent(seq)
    this.#queue.delete(seq)
    const size = new JournalSize(order.invocation, order.journalLength)
    if (this.#queue.size === 0 && this.#hasRoomFor(size)) {
      this.#begin(order, size)
      return
    }
    this.#queue.add({ order, size })
    this.#startQueued()
  }

  notify(invocation: Invocation, index: number): void {
    const attempt = this.#current.get(invocation.seq)
    if (attempt !== undefined) {
      attempt.notify(index)
      return
    }
    this.#queue.get(invocation.seq)?.size.growTo(index + 1)
  }

  interrupt(seq: InvocationSeq): void {
    this.#current.get(seq)?.interrupt()
  }

  abort(seq: InvocationSeq): void {
    this.#ended.delete(seq)
    this.#abortCurrent(seq)
    // What stood behind it may have room.
    if (this.#queue.delete(seq)) this.#startQueued()
  }

  /** What is going on for an invocation; `undefined` when nothing is or was of late. */
  inspect(seq: InvocationSeq): AttemptInspection | undefined {
    const attempt = this.#current.get(seq)
    if (attempt !== undefined && !attempt.isEnded) return inspectionOf(attempt, 'in-flight')
    const queued = this.#queue.get(seq)
    const ended = this.#ended.get(seq)
    if (queued === undefined) return ended
    const { attempt: number } = queued.order
    return { ...(ended ?? noAttempt), state: 'queued', attempt: number, startedAt: undefined }
  }

  /** What runs, and the last attempts of what backs off or is suspended, for introspection. */
  attempts(): (AttemptInspection & { readonly seq: InvocationSeq; readonly isInFlight: boolean })[] {
    const ended = [...this.#ended].map(([seq, inspection]) => ({ seq, isInFlight: false, ...inspection }))
    const running = [...this.#current].flatMap(([seq, attempt]) =>
      attempt.isEnded ? [] : [{ seq, isInFlight: true, ...inspectionOf(attempt, 'in-flight') }],
    )
    // One that runs again may also be among those that ended: what comes later counts.
    return [...ended, ...running]
  }

  /** Starts nothing more, gives open attempts `graceMs` to end, resets the others without reporting an outcome. */
  async close(graceMs = 0): Promise<void> {
    this.#isClosing = true
    this.#queue.clear()
    if (graceMs > 0 && this.#live.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs)
        this.#onIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const attempt of this.#live) attempt.abort()
    await Promise.all([this.#http2.close(), this.#http11.close()])
    this.#deadlines.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #begin(order: AttemptOrder, size: JournalSize): void {
    const attempt = new Attempt(order, size, this.#environment, (finished) => this.#onFinish(finished))
    this.counters.attemptsStarted++
    this.#live.add(attempt)
    this.#hold(attempt, size.bytes)
    this.#current.set(order.invocation.seq, attempt)
    attempt.begin()
  }

  #abortCurrent(seq: InvocationSeq): void {
    const attempt = this.#current.get(seq)
    if (attempt === undefined) return
    this.#current.delete(seq)
    // One that has its outcome may close in peace.
    if (attempt.isEnded) return
    this.counters.attemptsAborted++
    attempt.abort()
  }

  #onFinish(attempt: Attempt): void {
    this.#live.delete(attempt)
    const { seq } = attempt.order.invocation
    if (this.#current.get(seq) === attempt) this.#current.delete(seq)
    this.#release(attempt)
    this.#startQueued()
    if (this.#live.size === 0) this.#onIdle?.()
  }

  #startQueued(): void {
    // What begins may be sent in the same call, and ask for more: this loop goes on with it.
    if (this.#queue.size === 0 || this.#isStartingQueued) return
    this.#isStartingQueued = true
    for (
      let next = this.#queue.first();
      next !== undefined && this.#hasRoomFor(next.size);
      next = this.#queue.first()
    ) {
      this.#queue.delete(next.order.invocation.seq)
      this.#begin(next.order, next.size)
    }
    this.#isStartingQueued = false
  }

  /** However large a journal is, it is sent when no other one is on its way. */
  #hasRoomFor({ bytes }: JournalSize): boolean {
    if (this.#live.size >= this.#limit) return false
    return this.#replayBytes === 0 || this.#replayBytes + bytes <= this.#memoryLimitBytes
  }

  #hold(attempt: Attempt, bytes: number): void {
    attempt.heldBytes += bytes
    this.#replayBytes += bytes
  }

  #release(attempt: Attempt): void {
    if (attempt.heldBytes === 0) return
    this.#replayBytes -= attempt.heldBytes
    attempt.heldBytes = 0
    this.#startQueued()
  }

  #propose(attempt: Attempt, command: AttemptCommand, durable: (() => void) | undefined): void {
    this.#count(attempt, command)
    if (this.#host.propose(attempt.order.attempt, command, durable) || this.#isReadingPaused) return
    this.#isReadingPaused = true
    for (const live of this.#live) live.pauseReading()
  }

  #resumeReading(): void {
    if (!this.#isReadingPaused) return
    this.#isReadingPaused = false
    for (const attempt of this.#live) attempt.resumeReading()
  }

  #count(attempt: Attempt, command: AttemptCommand): void {
    switch (command.type) {
      case 'append-entry':
      case 'propose-run':
        this.counters.entriesProposed++
        return
      case 'end':
        this.counters.attemptsCompleted++
        this.#ended.delete(command.seq)
        return
      case 'suspend':
        this.counters.attemptsSuspended++
        this.#remember(attempt)
        return
      case 'fail-attempt': {
        this.counters.attemptsFailed++
        this.#remember(attempt)
        const { invocation, attempt: number } = attempt.order
        // The text may come from the service, and may hold what is nobody else's business.
        const { code, restateCode } = command.failure
        this.#log.warn(
          { invocationId: invocation.id, attempt: number, code, restateCode, outcome: command.outcome.kind },
          'attempt failed',
        )
      }
    }
  }

  #remember(attempt: Attempt): void {
    const { seq } = attempt.order.invocation
    this.#ended.delete(seq)
    this.#ended.set(seq, inspectionOf(attempt, 'ended'))
    if (this.#ended.size <= rememberedAttempts) return
    const [oldest] = this.#ended.keys()
    if (oldest !== undefined) this.#ended.delete(oldest)
  }
}

const noAttempt: AttemptInspection = {
  state: 'ended',
  attempt: 0,
  startedAt: undefined,
  deploymentId: undefined,
  protocolVersion: undefined,
  server: undefined,
}

function inspectionOf(attempt: Attempt, state: AttemptInspection['state']): AttemptInspection {
  return {
    state,
    attempt: attempt.order.attempt,
    startedAt: attempt.startedAt,
    deploymentId: attempt.route?.pinned.deploymentId,
    protocolVersion: attempt.route?.pinned.protocolVersion,
    server: attempt.server,
  }
}

function idTarget(target: InvocationTarget, idempotencyKey: string | undefined): Parameters<typeof invocationIdFor>[0] {
  const { service, key, handler } = target
  return { service, key, handler, isWorkflowRun: target.handlerType === 'Workflow', idempotencyKey }
}
