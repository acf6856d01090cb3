import type { AttemptCommand, AttemptHost, AttemptRunner } from '../core/attempts.ts'
import type {
  Command,
  MutateState,
  Operation,
  OperationOutcome,
  PutDeployment,
  RemoveDeployment,
  Signal,
  Timer,
} from '../core/commands/command.ts'
import { decide } from '../core/decide.ts'
import type { Effect, StartAttempt } from '../core/effects.ts'
import type { InvocationId, InvocationSeq } from '../core/ids.ts'
import type { Invocation, NewInvocation } from '../core/invocation.ts'
import type { Keyed } from '../core/keyed.ts'
import { workflowAlreadyInvoked } from '../core/lifecycle/create.ts'
import { expiresAt, isGone } from '../core/lifecycle/expiry.ts'
import type { Schema } from '../core/schema.ts'
import type { PartitionState } from '../core/state.ts'
import type { Turn } from '../core/turn.ts'
import { PartitionClosed, PartitionFailed } from '../errors/partition.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { Admission } from './admission.ts'
import { CommitLoop } from './commit-loop.ts'
import type { Acceptance, Completion, OutputAnswer, PartitionClient, Waiting } from './partition-client.ts'
import type { Residency } from './residency.ts'
import { TimerQueue } from './timer-queue.ts'
import { WaitingCallers } from './waiting-callers.ts'

export interface PartitionOptions {
  readonly state: PartitionState
  readonly log: Log
  readonly store: Store
  readonly residency: Residency
  /** ms since epoch */
  readonly now: () => number
  /** [0, 1) */
  readonly random: () => number
  /** Log bytes that may wait for the store before new work waits. */
  readonly maxPendingBytes: number
  readonly cleanupIntervalMs: number
}

/** Invocations that are removed in one go, so that a large sweep does not hold up calls. */
const SWEEP_SIZE = 500

/** Node takes no longer one. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** After a restart, attempts that were running start within this time, not all at once. */
const RESTART_SPREAD_MS = 200

/**
 * Runs the core: a command is decided and applied in memory at once, its events join the current batch, and its
 * effects are released when that batch is in the log.
 */
export class Partition implements PartitionClient, AttemptHost {
  readonly #options: PartitionOptions
  readonly #state: PartitionState
  readonly #store: Store
  readonly #timers: TimerQueue
  readonly #callers = new WaitingCallers()
  readonly #commits: CommitLoop
  readonly #admission: Admission
  readonly #drainListeners: (() => void)[] = []
  readonly #attempts = new Map<InvocationSeq, number>()
  #runner: AttemptRunner | undefined
  #lastAttempt = 0
  #sweeper: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: PartitionOptions) {
    this.#options = options
    this.#state = options.state
    this.#store = options.store
    this.#admission = new Admission(() => this.#isFull())
    this.#commits = new CommitLoop({
      log: options.log,
      residency: options.residency,
      eventCount: () => this.#state.eventCount,
      onDurable: (position, batch) => this.#store.fold(position, batch),
      onReleased: () => this.#drain(),
    })
    this.#timers = new TimerQueue(options.now, (timer) => this.#fire(timer))
  }

  get schema(): Schema {
    return this.#state.schema
  }

  /** Invocations in memory, for metrics. */
  get hotInvocations(): number {
    return this.#state.hotCount
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Begins to run attempts: what would have been effects, timers and attempts, is derived from the state. */
  start(runner: AttemptRunner): void {
    this.#runner = runner
    const { now, random, cleanupIntervalMs } = this.#options
    for (const invocation of [...this.#state.hot()]) {
      const { seq, executionTime } = invocation
      if (invocation.status === 'scheduled') this.#timers.arm({ kind: 'start', seq, at: executionTime ?? now() })
      for (const { completionId, wakeUpAt } of invocation.sleeping) {
        this.#timers.arm({ kind: 'sleep', seq, at: wakeUpAt, completionId })
      }
      if (invocation.status !== 'invoked') continue
      if (invocation.retry !== undefined && invocation.retry.nextAttemptAt > now()) {
        this.#armRetry(invocation, invocation.retry.nextAttemptAt)
      } else {
        this.#restartAttempt(invocation, random() * RESTART_SPREAD_MS)
      }
    }
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(cleanupIntervalMs, 60_000))
    this.#sweeper.unref()
  }

  send(request: NewInvocation): Promise<Acceptance> {
    return this.#admission.admit(() => this.#send(request))
  }

  call(request: NewInvocation): Waiting {
    if (!this.#admission.isOpen) {
      let waiting: Waiting | undefined
      return {
        completion: this.#admission.admit(() => {
          waiting = this.#call(request)
          return waiting.completion
        }),
        cancel: () => waiting?.cancel(),
      }
    }
    return this.#call(request)
  }

  attach(id: InvocationId): Waiting {
    return this.#waitFor(this.#find(id))
  }

  output(id: InvocationId): Promise<OutputAnswer> {
    const invocation = this.#find(id)
    const answer: OutputAnswer =
      invocation === undefined
        ? { status: 'unknown' }
        : invocation.status === 'completed'
          ? { status: 'completed', completion: retained(invocation) }
          : { status: 'in-flight' }
    return new Promise((resolve, reject) => this.#commits.whenDurable(() => resolve(answer), reject))
  }

  invocation(id: InvocationId): Invocation | undefined {
    return this.#find(id)
  }

  durable(): Promise<void> {
    return new Promise((resolve, reject) => this.#commits.whenDurable(resolve, reject))
  }

  signal(signal: Signal): Promise<void> {
    return this.#done({ type: 'deliver-signal', now: this.#options.now(), signal }, () => undefined)
  }

  operate(operation: Operation): Promise<OperationOutcome> {
    return this.#done(operation, (turn) => {
      if (turn.outcome === undefined) throw new Error('invariant: an operation has an outcome')
      return turn.outcome
    })
  }

  mutateState(mutation: MutateState): Promise<void> {
    return this.#done(mutation, () => undefined)
  }

  commit(command: PutDeployment | RemoveDeployment): Promise<void> {
    return this.#done(command, () => undefined)
  }

  propose(attempt: number, command: AttemptCommand, durable?: () => void): boolean {
    if (this.#closed || this.#attempts.get(command.seq) !== attempt) return true
    // An attempt that has said how it ended has nothing more to say.
    if (command.type === 'suspend' || command.type === 'end' || command.type === 'fail-attempt') {
      this.#attempts.delete(command.seq)
    }
    this.#release(this.#decide(command), durable)
    return !this.#isFull()
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener)
  }

  /** The store has everything up to `position`: what is completed there need not be in memory. */
  onFolded(position: number): void {
    this.#options.residency.onFolded(position)
    this.#drain()
  }

  /** Stops taking work, and waits until all that was decided is in the log. */
  async close(): Promise<void> {
    this.#stop()
    await this.#commits.idle()
    this.#admission.close()
    this.#callers.rejectAll(
      new PartitionClosed('The server is shutting down. The invocation goes on; attach to it for its result.'),
    )
  }

  /** Log or store have failed. Whoever waits is told that, and nothing else: what is not in the log must not be seen. */
  fail(cause: Error): void {
    this.#stop()
    const failed = new PartitionFailed(
      'The server has failed and stops. Whether the request was accepted is not known; ask again when the server is back.',
      { cause },
    )
    this.#commits.fail(failed)
    this.#admission.close()
    this.#callers.rejectAll(failed)
  }

  #stop(): void {
    this.#closed = true
    clearInterval(this.#sweeper)
    this.#timers.close()
  }

  /** Decides a command; resolves with what `answer` makes of the turn, when it is durable. */
  #done<T>(command: Command, answer: (turn: Turn) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new PartitionClosed('The server is shutting down.'))
    const turn = this.#decide(command)
    const value = answer(turn)
    return new Promise((resolve, reject) => this.#release(turn, () => resolve(value), reject))
  }

  #send(request: NewInvocation): Promise<Acceptance> {
    const { turn, found } = this.#invoke(request)
    const invocation = found ?? created(turn)
    const acceptance: Acceptance = {
      id: request.id,
      status: found === undefined ? 'accepted' : 'previously-accepted',
      executionTime: found === undefined || found.status === 'scheduled' ? invocation.executionTime : undefined,
    }
    return new Promise((resolve, reject) => this.#release(turn, () => resolve(acceptance), reject))
  }

  #call(request: NewInvocation): Waiting {
    const { turn, found } = this.#invoke(request)
    if (found?.target.handlerType === 'Workflow') {
      return this.#settled({ id: found.id, result: workflowAlreadyInvoked, retainedUntil: undefined })
    }
    const waiting = this.#waitFor(found ?? created(turn))
    this.#release(turn)
    return waiting
  }

  /** Decides an Invoke, and says which invocation had the id before, if any. */
  #invoke(request: NewInvocation): { turn: Turn; found: Invocation | undefined } {
    const before = request.fresh === true ? undefined : this.#find(request.id)
    const turn = this.#decide({ type: 'invoke', now: this.#options.now(), invocation: request })
    return { turn, found: before }
  }

  #find(id: InvocationId): Invocation | undefined {
    const invocation = this.#state.find(id)
    return invocation === undefined || isGone(this.#state, invocation, this.#options.now()) ? undefined : invocation
  }

  #waitFor(invocation: Invocation | undefined): Waiting {
    if (invocation === undefined || invocation.status === 'completed') {
      return this.#settled(invocation === undefined ? undefined : retained(invocation))
    }
    return this.#callers.add(invocation.id)
  }

  #settled(completion: Completion | undefined): Waiting {
    const settled = new Promise<Completion | undefined>((resolve, reject) => {
      this.#commits.whenDurable(() => resolve(completion), reject)
    })
    // As for those who wait: that nobody awaits it is no failure of the process.
    settled.catch(() => {})
    return { completion: settled, cancel: () => {} }
  }

  /** Not later than was meant when it was decided, although the clock has been set back since. */
  #armRetry(invocation: Invocation, at: number): void {
    const { seq, modifiedAt } = invocation
    if (modifiedAt <= this.#options.now()) this.#timers.arm({ kind: 'retry', seq, at })
    else this.#restartAttempt(invocation, Math.max(0, at - modifiedAt))
  }

  #restartAttempt(invocation: Invocation, delayMs: number): void {
    const { seq, retry } = invocation
    const restart = (): void => {
      // An operator may have been faster; then it has a retry of its own, with its own time.
      if (this.#closed || this.#attempts.has(seq) || invocation.retry !== retry) return
      this.#release(this.#decide({ type: 'restart-attempt', now: this.#options.now(), seq }))
    }
    setTimeout(restart, Math.min(delayMs, MAX_TIMEOUT_MS)).unref()
  }

  #fire(timer: Timer): void {
    this.#release(this.#decide({ type: 'fire-timer', now: this.#options.now(), timer }))
  }

  #sweep(): void {
    const now = this.#options.now()
    const seqs = this.#store.expired(now, SWEEP_SIZE)
    if (seqs.length === 0) return
    this.#release(this.#decide({ type: 'expire', now, seqs }))
    // The next ones are found when the store has forgotten these.
    if (seqs.length === SWEEP_SIZE) setTimeout(() => this.#closed || this.#sweep(), 1000).unref()
  }

  #decide(command: Command): Turn {
    const turn = decide(command, this.#state)
    this.#commits.add(turn.events)
    return turn
  }

  /** Puts a turn's effects behind what has been decided so far, and `durable` behind them; or `lost`, when that cannot be known. */
  #release(turn: Turn, durable?: () => void, lost?: (error: Error) => void): void {
    for (const effect of turn.effects) {
      if (effect.type === 'start-attempt' && effect.first && this.#hasDurableState(effect)) this.#start(effect)
      else this.#commits.whenDurable(() => this.#perform(effect))
      if (effect.type === 'answer-waiting') this.#commits.completed(effect.invocation)
    }
    if (durable !== undefined) this.#commits.whenDurable(durable, lost)
    this.#commits.commit()
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'start-attempt':
        this.#start(effect)
        return
      case 'notify':
        this.#runner?.notify(effect.invocation, effect.index)
        return
      case 'arm-timer':
        this.#timers.arm(effect.timer)
        return
      case 'interrupt':
        this.#runner?.interrupt(effect.invocation.seq)
        return
      case 'abort':
        this.#attempts.delete(effect.invocation.seq)
        this.#runner?.abort(effect.invocation.seq)
        return
      case 'answer-waiting': {
        const { id } = effect.invocation
        this.#callers.answer(id, { id, result: effect.result, retainedUntil: undefined })
      }
    }
  }

  #start({ invocation, journalLength }: StartAttempt): void {
    if (this.#closed) return
    const attempt = ++this.#lastAttempt
    this.#attempts.set(invocation.seq, attempt)
    this.#runner?.start({ invocation, attempt, journalLength, state: this.#keyOf(invocation)?.state })
  }

  /** The handler may see the state of its key: it must not see what a crash could take back. */
  #hasDurableState({ invocation }: StartAttempt): boolean {
    const keyed = this.#keyOf(invocation)
    return keyed === undefined || keyed.changedAt <= this.#commits.durableEvents
  }

  #keyOf({ target }: Invocation): Keyed | undefined {
    return target.key === undefined ? undefined : this.#state.keyed(target.service, target.key)
  }

  #isFull(): boolean {
    return this.#commits.pendingBytes + this.#store.pendingBytes > this.#options.maxPendingBytes
  }

  #drain(): void {
    if (this.#isFull()) return
    this.#admission.drain()
    for (const listener of this.#drainListeners) listener()
  }
}

function created(turn: Turn): Invocation {
  for (const event of turn.events) {
    if (event.type !== 'invocation-created') continue
    const invocation = turn.state.get(event.seq)
    if (invocation !== undefined) return invocation
  }
  throw new Error('invariant: an Invoke finds or creates an invocation')
}

function retained(invocation: Invocation): Completion {
  const { id, result } = invocation
  if (result === undefined) throw new Error('invariant: a completed invocation has a result')
  return { id, result, retainedUntil: expiresAt(invocation) }
}
