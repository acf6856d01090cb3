import type { AttemptCommand } from '../core/attempts.ts'
import type { Invocation } from '../core/invocation.ts'
import {
  AbortTimeoutFired,
  JournalTooLarge,
  JournalTooLong,
  ProtocolViolation,
  StreamEndedEarly,
} from '../errors/invoker.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { requestedAckFlag } from '../protocol/frame.ts'
import { MessageType, messageClass, messageTypeName } from '../protocol/message-type.ts'
import { decodeAwaitingOn } from '../protocol/messages/awaiting-on.ts'
import { decodeError } from '../protocol/messages/error.ts'
import { decodeProposeRunCompletion } from '../protocol/messages/propose-run-completion.ts'
import { awaitingOf } from './awaiting.ts'
import { checkedResult } from './commands/checked-result.ts'
import type { CommandContext } from './commands/command-context.ts'
import { commandReaders } from './commands/command-readers.ts'
import type { ResponseHeaders } from './duplex.ts'
import { type FrontEndPage, frontEndPage } from './front-end-advice.ts'
import type { JournalSize } from './journal-size.ts'
import { type AttemptProblem, failAttempt, problemOf } from './problem.ts'
import { responseProblem } from './response-check.ts'
import { retain } from './retain.ts'
import type { Route } from './route.ts'
import { RunAcks } from './run-acks.ts'
import { sdkErrorProblem } from './sdk-error.ts'

/** Protocol versions that brought these messages. */
const runAckVersion = 7
const awaitingOnVersion = 7

/** At most one is armed at a time: arming another replaces it. */
export type AttemptTimer = 'inactivity' | 'abort' | 'drain'

/** What the state machine of an attempt asks for. */
export interface AttemptActions {
  /** Stream the notification at this index of the journal, behind all that was sent before. */
  sendNotification(index: number): void
  sendCommandAck(commandIndex: number): void
  /** The proposed result with this completion id is durable. */
  sendRunAck(completionId: number): void
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

/** How far a journal may grow. */
export interface JournalLimits {
  /** Entries. */
  readonly length: number
  readonly bytes: number
  /** Levels of what a suspended handler waits for (protocol V7). */
  readonly futureDepth: number
}

export interface AttemptSubject {
  readonly invocation: Invocation
  readonly route: Route
  /** Of what is replayed. */
  readonly journalSize: JournalSize
  readonly journalLimits: JournalLimits
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
  /** What answers in place of the service, while it is read. */
  #page: FrontEndPage | undefined
  /** Made when the first acknowledgement is asked for, which no service did before protocol V7. */
  #runAcks: RunAcks | undefined
  /** Entries of the journal that the service was sent: first the replay, then all up to the last notification. */
  readonly #replayedEntries: number
  #sentEntries: number

  constructor(subject: AttemptSubject, actions: AttemptActions) {
    this.#subject = subject
    this.#actions = actions
    this.#nextCommandIndex = subject.journalSize.commands
    this.#replayedEntries = subject.journalSize.length
    this.#sentEntries = this.#replayedEntries
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
    const { route } = this.#subject
    const problem = responseProblem(status, headers, route.contentType, now)
    if (problem === undefined) return
    this.#page = frontEndPage(problem, status, headers, route)
    if (this.#page === undefined) this.#failDraining(problem, now)
    // The page comes with its headers; what does not is not waited for.
    else this.#startReadingPage()
  }

  /** A chunk of the response came, whatever is in it. False: there are no messages in it. */
  onChunk(chunk: Uint8Array, now: number): boolean {
    if (this.isEnded) return false
    if (this.#page === undefined) {
      this.#touch()
      return true
    }
    if (this.#page.add(chunk)) this.#failDraining(this.#page.problem, now)
    return false
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
    this.#sentEntries = index + 1
    const completionId = this.#runAcks?.take(this.#subject.invocation.journal[index])
    if (completionId === undefined) this.#actions.sendNotification(index)
    else this.#actions.sendRunAck(completionId)
    this.#actions.arm('inactivity')
  }

  /** The handler is to suspend or end as soon as it waits. */
  onInterrupt(): void {
    if (this.#phase === 'open') this.#halfClose()
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
        if (this.#page !== undefined && !this.isEnded) this.#failResetting(this.#page.problem, now)
        else if (this.#phase === 'ended') this.#actions.reset()
    }
  }

  /** The response is complete. `cutBytes`: what there is of a message that is not. */
  onResponseEnd(cutBytes: number, now: number): void {
    if (this.isEnded) return
    if (this.#page !== undefined) {
      this.#failDraining(this.#page.problem, now)
      return
    }
    const how = cutBytes === 0 ? 'without End, Suspension or Error' : 'in the middle of a message'
    this.#failDraining(problemOf(new StreamEndedEarly(`the response of the service ended ${how}`)), now)
  }

  /** The stream is closed, in order if there is no error. */
  onClosed(error: PerdureError | undefined, now: number): void {
    if (this.#phase === 'closed') return
    if (!this.isEnded) {
      const problem = this.#page?.problem ?? problemOf(error ?? new StreamEndedEarly('the stream was closed'))
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
        this.#handleControl(type, flags, payload, now)
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
    this.#checkRoom(payload.length, type)
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

  #handleControl(type: number, flags: number, payload: Uint8Array, now: number): void {
    const { invocation, route } = this.#subject
    const { seq } = invocation
    const { protocolVersion } = route.pinned
    switch (type) {
      case MessageType.ProposeRunCompletion: {
        this.#checkRoom(payload.length, type)
        const proposal = decodeProposeRunCompletion(retain(payload))
        const completionId = proposal.resultCompletionId
        const result = checkedResult(proposal.result)
        if (protocolVersion >= runAckVersion && (flags & requestedAckFlag) !== 0) {
          this.#runAcks ??= new RunAcks()
          this.#runAcks.expect(completionId, result)
        }
        this.#actions.propose({ type: 'propose-run', now, seq, deployment: route.pinned, completionId, result })
        return
      }
      case MessageType.AwaitingOn:
        if (protocolVersion < awaitingOnVersion) break
        // For people who look on; only that it makes sense counts.
        decodeAwaitingOn(payload, this.#subject.journalLimits.futureDepth)
        return
      case MessageType.Suspension: {
        // Services suspend when they have read the request to its end. One that does not may have missed something.
        const seenEntries = this.#phase === 'half-closed' ? this.#sentEntries : this.#replayedEntries
        const awaiting = awaitingOf(payload, protocolVersion, seenEntries, this.#subject.journalLimits.futureDepth)
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
    }
    throw new ProtocolViolation(
      `the service sent ${messageTypeName(type)}, which it may not under protocol version ${protocolVersion}`,
    )
  }

  /** The journal in memory has what this attempt added so far, durable or not. */
  #checkRoom(payloadBytes: number, type: number): void {
    const { invocation, journalSize, journalLimits } = this.#subject
    const { length } = invocation.journal
    journalSize.growTo(length)
    // The result may always be told: nothing comes behind it.
    if (length >= journalLimits.length && type !== MessageType.Output) {
      throw new JournalTooLong(
        `the journal has ${length} entries, as many as it may have. End the invocation earlier, or raise ` +
          'worker.invoker.journal-length-limit',
      )
    }
    if (journalSize.bytes + payloadBytes > journalLimits.bytes) throw journalTooLarge(journalLimits.bytes)
  }

  #touch(): void {
    this.#actions.arm(this.#phase === 'open' ? 'inactivity' : 'abort')
  }

  /** Notifications, interrupts and time-outs of the handler mean nothing any more. */
  #startReadingPage(): void {
    this.#phase = 'half-closed'
    this.#actions.arm('drain')
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

export function journalTooLarge(limitBytes: number): PerdureError {
  return new JournalTooLarge(
    `the journal would have more than ${limitBytes} bytes. Keep large values elsewhere, or raise ` +
      'worker.invoker.per-invocation-memory-limit',
  )
}
