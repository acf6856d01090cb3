import type { AttemptCommand, AttemptOrder } from '../core/attempts.ts'
import { ServiceUnreachable } from '../errors/invoker.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { FrameDecoder } from '../protocol/frame.ts'
import { MessageType } from '../protocol/message-type.ts'
import { encodeCommandAck } from '../protocol/messages/command-ack.ts'
import { encodeProposeRunCompletionAck } from '../protocol/messages/propose-run-completion-ack.ts'
import { type AttemptActions, AttemptState, type AttemptTimer, journalTooLarge } from './attempt-state.ts'
import { Deadline } from './deadlines.ts'
import type { CancelOpen, DuplexListener, DuplexStream, ResponseHeaders } from './duplex.ts'
import { eagerStateOf } from './eager-state.ts'
import type { AttemptEnvironment } from './environment.ts'
import { explainedBreak, isTokenRefusal } from './front-end-advice.ts'
import { awaitToken } from './id-token.ts'
import type { JournalSize } from './journal-size.ts'
import { Outbox, type OutboxListener } from './outbox.ts'
import { failAttempt, infrastructureProblem, problemOf } from './problem.ts'
import { startFrame } from './replay.ts'
import { textOf } from './response-check.ts'
import type { Route } from './route.ts'

const drainTimeoutMs = 5000
/** A request that no server has looked at is sent again this many times, before that counts as a failure. */
const maxRefusals = 3

function nothingToCancel(): void {}

/** One attempt: joins the pure state machine to a stream, the clock and the log. */
export class Attempt implements DuplexListener, OutboxListener, AttemptActions {
  readonly order: AttemptOrder
  readonly startedAt: number
  /** `x-restate-server` of the response. */
  server: string | undefined
  /** What the invoker counts for it, as long as its replay is on the way. */
  heldBytes = 0
  readonly #size: JournalSize
  readonly #environment: AttemptEnvironment
  readonly #onFinish: (attempt: Attempt) => void
  readonly #deadline = new Deadline(() => this.#onDeadline())
  readonly #onFrame = (type: number, flags: number, payload: Buffer): void => this.#handleFrame(type, flags, payload)
  #route: Route | undefined
  /** What the request was sent with. */
  #idToken: string | undefined
  #state: AttemptState | undefined
  #stream: DuplexStream | undefined
  #outbox: Outbox | undefined
  #decoder: FrameDecoder
  #cancelOpen: CancelOpen = nothingToCancel
  #timer: AttemptTimer = 'inactivity'
  /** What is durable, and what the stream's replay holds of it. */
  #journalLength: number
  #replayed = 0
  #refusals = 0
  #isAnswered = false
  #isFinished = false
  #isAborted = false
  #isInterrupted = false
  /** The time of the chunk that is being read. */
  #now = 0

  /** `size`: of the entries that are durable; it may be more than the order says by now. */
  constructor(
    order: AttemptOrder,
    size: JournalSize,
    environment: AttemptEnvironment,
    onFinish: (attempt: Attempt) => void,
  ) {
    this.order = order
    this.#size = size
    this.#environment = environment
    this.#onFinish = onFinish
    this.#journalLength = size.length
    this.#decoder = new FrameDecoder(environment.frameLimitBytes)
    this.startedAt = environment.now()
  }

  get route(): Route | undefined {
    return this.#route
  }

  /** It has an outcome, or needs none; only its stream may still be there. */
  get isEnded(): boolean {
    return this.#isFinished || this.#isAborted || this.#state?.isEnded === true
  }

  begin(): void {
    const { router, now, journalLimits } = this.#environment
    try {
      this.#route = router.route(this.order.invocation)
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error
      // Not from within the call that started the attempt: whoever started it is not ready for its end.
      queueMicrotask(() => this.#failBeforeRoute(error, now()))
      return
    }
    if (this.#size.bytes > journalLimits.bytes) {
      queueMicrotask(() => this.#failBeforeStream(journalTooLarge(journalLimits.bytes)))
      return
    }
    this.#open(this.#route)
  }

  /** The notification at `index` of the journal is durable. */
  notify(index: number): void {
    if (index < this.#replayed) return
    this.#journalLength = Math.max(this.#journalLength, index + 1)
    // Before there is a stream, the replay takes it along.
    this.#state?.onNotification(index)
  }

  /** Asks the handler to suspend or end. */
  interrupt(): void {
    this.#isInterrupted = true
    this.#state?.onInterrupt()
  }

  /** Ends it without an outcome. */
  abort(): void {
    if (this.#isAborted || this.#isFinished) return
    this.#isAborted = true
    if (this.#state !== undefined) {
      this.#state.onAbort()
      return
    }
    this.#cancelOpen()
    queueMicrotask(() => this.finish())
  }

  pauseReading(): void {
    if (!this.isEnded) this.#stream?.pause()
  }

  resumeReading(): void {
    this.#stream?.resume()
  }

  // The stream tells.

  onOpen(stream: DuplexStream): void {
    const { environment, invocation, route } = this.#opened()
    this.#stream = stream
    const journalLength = Math.min(this.#journalLength, invocation.journal.length)
    this.#size.growTo(journalLength)
    const state = new AttemptState(
      {
        invocation,
        route,
        journalSize: this.#size,
        journalLimits: environment.journalLimits,
        context: {
          invocation,
          schema: environment.schema,
          retention: environment.retention,
          idFor: environment.idFor,
        },
        jitter: environment.random,
      },
      this,
    )
    this.#state = state
    this.#replayed = journalLength
    const eagerState = eagerStateOf(this.order.state, route.eagerStateSizeLimitBytes)
    const start = startFrame(invocation, journalLength, eagerState, environment.now())
    environment.hold(this, start.payload.length)
    const { protocolVersion } = route.pinned
    this.#outbox = new Outbox(stream, { start, journal: invocation.journal, journalLength, protocolVersion }, this)
    this.#outbox.flush()
    state.onOpened()
    if (this.#isInterrupted) state.onInterrupt()
    if (environment.isReadingPaused()) stream.pause()
  }

  onHeaders(status: number, headers: ResponseHeaders): void {
    this.#isAnswered = true
    this.server = textOf(headers['x-restate-server'])
    const auth = this.#route?.auth
    if (auth !== undefined && this.#idToken !== undefined && isTokenRefusal(status, headers)) {
      this.#environment.idTokens.refused(auth, this.#idToken)
    }
    this.#state?.onHeaders(status, headers, this.#environment.now())
  }

  onData(chunk: Buffer): void {
    const state = this.#state
    if (state === undefined || state.isEnded) return
    this.#now = this.#environment.now()
    try {
      if (state.onChunk(chunk, this.#now)) this.#decoder.push(chunk, this.#onFrame)
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error
      state.onMalformed(error, this.#now)
    }
    // Nothing that comes now is wanted, and unread data would keep the stream from closing.
    if (state.isEnded) this.#stream?.resume()
  }

  onEnd(): void {
    this.#state?.onResponseEnd(this.#decoder.pendingBytes, this.#environment.now())
  }

  onWritable(): void {
    this.#outbox?.onWritable()
  }

  onClose(error: PerdureError | undefined, refused: boolean): void {
    const isWanted = !this.isEnded && !this.#isAnswered
    if (refused && isWanted && this.#route !== undefined && this.#refusals < maxRefusals) {
      this.#refusals++
      this.#forgetStream()
      this.#open(this.#route)
      return
    }
    const why = this.#isAnswered ? error : explainedBreak(error, this.#route)
    if (this.#state !== undefined) this.#state.onClosed(why, this.#environment.now())
    else queueMicrotask(() => this.#failBeforeStream(error))
  }

  // The outbox tells.

  onSent(): void {
    this.#state?.onSent()
  }

  onReplayed(): void {
    this.#environment.release(this)
  }

  // The state machine asks.

  sendNotification(index: number): void {
    this.#outbox?.add(index)
  }

  sendCommandAck(commandIndex: number): void {
    this.#outbox?.add({ type: MessageType.CommandAck, payload: encodeCommandAck({ commandIndex }) })
  }

  sendRunAck(completionId: number): void {
    const payload = encodeProposeRunCompletionAck({ completionId })
    this.#outbox?.add({ type: MessageType.ProposeRunCompletionAck, payload })
  }

  halfClose(): void {
    if (this.#state?.isEnded === true) this.#outbox?.endNow()
    else this.#outbox?.end()
  }

  reset(): void {
    this.#stream?.reset()
  }

  propose(command: AttemptCommand, durable?: () => void): void {
    this.#environment.propose(this, command, durable)
  }

  arm(timer: AttemptTimer): void {
    this.#timer = timer
    this.#environment.deadlines.set(this.#deadline, this.#delayMsOf(timer))
  }

  disarm(): void {
    this.#environment.deadlines.cancel(this.#deadline)
  }

  finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#onFinish(this)
  }

  #open(route: Route): void {
    const token = route.auth === undefined ? undefined : this.#environment.idTokens.forInvocation(route.auth)
    if (!(token instanceof Promise)) {
      this.#send(route, token)
      return
    }
    this.#cancelOpen = awaitToken(
      token,
      (minted) => this.#send(route, minted),
      (error) => this.#failBeforeStream(error, infrastructureProblem),
    )
  }

  #send(route: Route, idToken: string | undefined): void {
    const { environment, invocation } = this.#opened()
    const { origin, path, httpVersion } = route
    const transport = httpVersion === 'HTTP/1.1' ? environment.http11 : environment.http2
    const headers = environment.headersOf(route, invocation, idToken)
    this.#idToken = idToken
    this.#cancelOpen = transport.open({ origin, path, headers }, this)
  }

  #handleFrame(type: number, flags: number, payload: Buffer): void {
    if (payload.length >= this.#environment.messageSizeWarningBytes) {
      this.#environment.onLargeMessage(this, type, payload.length)
    }
    this.#state?.onFrame(type, flags, payload, this.#now)
  }

  #onDeadline(): void {
    // As long as it is we who do not read, silence says nothing about the service.
    if (this.#timer === 'abort' && this.#environment.isReadingPaused()) this.arm('abort')
    else this.#state?.onTimer(this.#timer, this.#environment.now())
  }

  #delayMsOf(timer: AttemptTimer): number {
    switch (timer) {
      case 'inactivity':
        return this.#route?.inactivityTimeoutMs ?? 0
      case 'abort':
        return this.#route?.abortTimeoutMs ?? 0
      case 'drain':
        return drainTimeoutMs
    }
  }

  #forgetStream(): void {
    this.disarm()
    this.#stream = undefined
    this.#state = undefined
    this.#outbox = undefined
    this.#replayed = 0
    this.#decoder = new FrameDecoder(this.#environment.frameLimitBytes)
  }

  #failBeforeRoute(error: PerdureError, now: number): void {
    if (this.#isAborted) return
    const { router, random } = this.#environment
    const { invocation } = this.order
    this.propose(
      failAttempt(infrastructureProblem(error), {
        seq: invocation.seq,
        now,
        policy: router.defaultRetryPolicy,
        countedFailures: invocation.retry?.countedFailures ?? 0,
        jitter: random(),
      }),
    )
    this.finish()
  }

  #failBeforeStream(error: PerdureError | undefined, asProblem = problemOf): void {
    if (this.#isAborted) return
    const { environment, invocation, route } = this.#opened()
    this.propose(
      failAttempt(asProblem(error ?? new ServiceUnreachable('the request was closed before it was sent')), {
        seq: invocation.seq,
        now: environment.now(),
        policy: route.retryPolicy,
        countedFailures: invocation.retry?.countedFailures ?? 0,
        jitter: environment.random(),
      }),
    )
    this.finish()
  }

  #opened(): { environment: AttemptEnvironment; invocation: AttemptOrder['invocation']; route: Route } {
    const route = this.#route
    if (route === undefined) throw new Error('an attempt without a route cannot have a stream')
    return { environment: this.#environment, invocation: this.order.invocation, route }
  }
}
