import type { AttemptCommand } from '../core/attempts.ts'
import type { Invocation } from '../core/invocation.ts'
import type { Awaiting } from '../core/journal.ts'
import { AbortTimeoutFired, ProtocolViolation, StreamEndedEarly } from '../errors/invoker.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { requestedAckFlag } from '../protocol/frame.ts'
import { MessageType, messageClass, messageTypeName } from '../protocol/message-type.ts'
import { decodeError } from '../protocol/messages/error.ts'
import { decodeProposeRunCompletion } from '../protocol/messages/propose-run-completion.ts'
import { decodeSuspension, type SuspensionMessage } from '../protocol/messages/suspension.ts'
import { checkedResult } from './commands/checked-result.ts'
import type { CommandContext } from './commands/command-context.ts'
import { commandReaders } from './commands/command-readers.ts'
import type { ResponseHeaders } from './duplex.ts'
import { type AttemptProblem, failAttempt, problemOf } from './problem.ts'
import { responseProblem } from './response-check.ts'
import { retain } from './retain.ts'
import type { Route } from './route.ts'
import { sdkErrorProblem } from './sdk-error.ts'

/** At most one is armed at a time: arming another replaces it. */
export type AttemptTimer = 'inactivity' | 'abort' | 'drain'

/** What the state machine of an attempt asks for. */
export interface AttemptActions {
  /** Stream the notification at this index of the journal, behind all that was sent before. */
  sendNotification(index: number): void
  sendCommandAck(commandIndex: number): void
  /** End the request body: behind all that was sent before, or at once if the attempt has ended. May come twice. */
  halfClose(): void
  /** Reset the stream. */
  reset(): void
  propose(command: AttemptCommand, durable?: () => void): void
  /** Start or restart the timer. */
  arm(timer: AttemptTimer): void
  disarm(): void
  /** The attempt is over, nothing more will be asked for. */
  finish(): void
}

export interface AttemptSubject {
  readonly invocation: Invocation
  readonly route: Route
  /** Commands among the entries that are replayed, the input included: the index of the next one. */
  readonly replayedCommands: number
  readonly context: CommandContext
  readonly jitter: () => number
}

/**
 * One attempt, as a machine without I/O and without a clock: what happens on the stream goes in by the `on…`
 * methods, with the time where it matters, and what is to be done comes out through `AttemptActions`.
 *
 *     open ──inactivity, or at once in request/response mode──► half-closed
 *       └──── End, Suspension, Error, failure ◄────────────────────┘
 *                          ▼
 *                        ended ──stream closed──► closed
 *
 * The outcome is proposed when the attempt ends; the stream is closed after it. An attempt that the service ended,
 * or that ended with the response, is half-closed and given the drain time to close by itself, because SDKs end
 * their response only after the request has ended. One that breaks the rules is reset at once: the handler must
 * not go on beside the next attempt.
 */
export class AttemptState {
  readonly #subject: AttemptSubject
  readonly #actions: AttemptActions
  #phase: 'open' | 'half-closed' | 'ended' | 'closed' = 'open'
  #nextCommandIndex: number
  #hasOutput: boolean

  constructor(subject: AttemptSubject, actions: AttemptActions) {
    this.#subject = subject
    this.#actions = actions
    this.#nextCommandIndex = subject.replayedCommands
    this.#hasOutput = subject.invocation.output !== undefined
  }

  /** The outcome is decided; what the service still sends does not count. */
  get isEnded(): boolean {
    return this.#phase === 'ended' || this.#phase === 'closed'
  }

  /** The request is open and the replay on its way. */
  onOpened(): void {
    if (this.#subject.route.isRequestResponse) this.#halfClose()
    else this.#actions.arm('inactivity')
  }

  /** Bytes of the replay or of a notification went out. */
  onSent(): void {
    if (this.#phase === 'open') this.#actions.arm('inactivity')
  }

  onHeaders(status: number, headers: ResponseHeaders, now: number): void {
    if (this.isEnded) return
    this.#touch()
    const problem = responseProblem(status, headers, this.#subject.route.contentType, now)
    if (problem !== undefined) this.#failDraining(problem, now)
  }

  /** A chunk of the response came, whatever is in it. */
  onActivity(): void {
    if (!this.isEnded) this.#touch()
  }

  onFrame(type: number, flags: number, payload: Uint8Array, now: number): void {
    if (this.isEnded) return
    const commandIndex = this.#nextCommandIndex
    try {
      this.#handle(type, flags, payload, now)
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error
      const related = messageClass(type) === 'command' ? { index: commandIndex, type } : undefined
      this.#failResetting(problemOf(error, related), now)
    }
  }

  /** The bytes of the response cannot be cut into frames. */
  onMalformed(error: PerdureError, now: number): void {
    if (!this.isEnded) this.#failResetting(problemOf(error), now)
  }

  /** The notification at this index of the journal is durable. */
  onNotification(index: number): void {
    if (this.#phase !== 'open') return
    this.#actions.sendNotification(index)
    this.#actions.arm('inactivity')
  }

  onTimer(timer: AttemptTimer, now: number): void {
    switch (timer) {
      case 'inactivity':
        if (this.#phase === 'open') this.#halfClose()
        return
      case 'abort':
        if (this.#phase === 'half-closed') this.#failResetting(problemOf(this.#abortError()), now)
        return
      case 'drain':
        if (this.#phase === 'ended') this.#actions.reset()
    }
  }

  /** The response is complete. `cutBytes`: what there is of a message that is not. */
  onResponseEnd(cutBytes: number, now: number): void {
    if (this.isEnded) return
    const how = cutBytes === 0 ? 'without End, Suspension or Error' : 'in the middle of a message'
    this.#failDraining(problemOf(new StreamEndedEarly(`the response of the service ended ${how}`)), now)
  }

  /** The stream is closed, in order if there is no error. */
  onClosed(error: PerdureError | undefined, now: number): void {
    if (this.#phase === 'closed') return
    if (!this.isEnded) {
      const problem = problemOf(error ?? new StreamEndedEarly('the stream was closed'))
      this.#propose(problem, now)
    }
    this.#phase = 'closed'
    this.#actions.disarm()
    this.#actions.finish()
  }

  /** The invocation needs this attempt no more: no outcome. */
  onAbort(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'ended'
    this.#actions.disarm()
    this.#actions.reset()
  }

  #handle(type: number, flags: number, payload: Uint8Array, now: number): void {
    switch (messageClass(type)) {
      case 'command':
        this.#handleCommand(type, flags, payload, now)
        return
      case 'control':
        this.#handleControl(type, payload, now)
        return
      case 'notification':
        throw new ProtocolViolation(`the service sent a notification, ${messageTypeName(type)}: only the server does`)
      case 'custom':
        throw new ProtocolViolation(`the service sent the reserved message type 0x${type.toString(16)}`)
    }
  }

  #handleCommand(type: number, flags: number, payload: Uint8Array, now: number): void {
    const read = commandReaders.get(type)
    if (read === undefined) throw new ProtocolViolation(`unknown message type ${messageTypeName(type)}`)
    const { invocation, route, context } = this.#subject
    const kept = retain(payload)
    const entry = read(kept, context, now)
    if (entry.kind === 'output') this.#hasOutput = true
    const index = this.#nextCommandIndex++
    const wantsAck = (flags & requestedAckFlag) !== 0
    this.#actions.propose(
      { type: 'append-entry', now, seq: invocation.seq, deployment: route.pinned, payload: kept, entry },
      wantsAck ? () => this.#acknowledge(index) : undefined,
    )
  }

  #acknowledge(commandIndex: number): void {
    if (this.#phase === 'open') this.#actions.sendCommandAck(commandIndex)
  }

  #handleControl(type: number, payload: Uint8Array, now: number): void {
    const { invocation, route } = this.#subject
    const { seq } = invocation
    switch (type) {
      case MessageType.ProposeRunCompletion: {
        const proposal = decodeProposeRunCompletion(retain(payload))
        this.#actions.propose({
          type: 'propose-run',
          now,
          seq,
          deployment: route.pinned,
          completionId: proposal.resultCompletionId,
          result: checkedResult(proposal.result),
        })
        return
      }
      case MessageType.Suspension: {
        const awaiting = awaitingOf(decodeSuspension(payload))
        this.#actions.propose({ type: 'suspend', now, seq, awaiting })
        this.#endDraining()
        return
      }
      case MessageType.End:
        if (!this.#hasOutput) throw new ProtocolViolation('End without an Output: the invocation has no result')
        this.#actions.propose({ type: 'end', now, seq })
        this.#endDraining()
        return
      case MessageType.Error:
        this.#failDraining(sdkErrorProblem(decodeError(payload)), now)
        return
      default:
        throw new ProtocolViolation(
          `the service sent ${messageTypeName(type)}, which it may not under protocol version ${route.pinned.protocolVersion}`,
        )
    }
  }

  #touch(): void {
    this.#actions.arm(this.#phase === 'open' ? 'inactivity' : 'abort')
  }

  #halfClose(): void {
    this.#phase = 'half-closed'
    this.#actions.halfClose()
    this.#actions.arm('abort')
  }

  #endDraining(): void {
    this.#phase = 'ended'
    this.#actions.halfClose()
    this.#actions.arm('drain')
  }

  #failDraining(problem: AttemptProblem, now: number): void {
    this.#propose(problem, now)
    this.#endDraining()
  }

  #failResetting(problem: AttemptProblem, now: number): void {
    this.#propose(problem, now)
    this.#phase = 'ended'
    this.#actions.disarm()
    this.#actions.reset()
  }

  #propose(problem: AttemptProblem, now: number): void {
    const { invocation, route, jitter } = this.#subject
    const countedFailures = invocation.retry?.countedFailures ?? 0
    const decision = { seq: invocation.seq, now, policy: route.retryPolicy, countedFailures, jitter: jitter() }
    this.#actions.propose(failAttempt(problem, decision))
  }

  #abortError(): PerdureError {
    const { abortTimeoutMs, isRequestResponse, inactivityTimeoutMs } = this.#subject.route
    const after = isRequestResponse ? '' : `, ${inactivityTimeoutMs} ms of inactivity before it`
    return new AbortTimeoutFired(
      `the invocation stream was closed after the 'abort timeout' (${abortTimeoutMs} ms${after}) fired. ` +
        'Raise it if the handler, or a single ctx.run, needs longer',
    )
  }
}

/** Protocol V5 and V6 have lists; a tree, which V7 sends instead, is no message of theirs. */
function awaitingOf(message: SuspensionMessage): Awaiting {
  const { waitingCompletions, waitingSignals, waitingNamedSignals } = message
  if (waitingCompletions.length + waitingSignals.length + waitingNamedSignals.length === 0) {
    throw new ProtocolViolation('a Suspension that lists nothing would never be resumed')
  }
  return { completions: waitingCompletions, signals: waitingSignals, namedSignals: waitingNamedSignals }
}
