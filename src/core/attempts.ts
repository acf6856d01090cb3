import type { AppendEntry, End, FailAttempt, ProposeRun, Suspend } from './commands/command.ts'
import type { InvocationSeq } from './ids.ts'
import type { Invocation } from './invocation.ts'

/** An order to run one attempt of an invocation. */
export interface AttemptOrder {
  readonly invocation: Invocation
  /** Fences the attempt: what comes under another number than the newest is ignored. */
  readonly attempt: number
  /**
   * How many entries of the journal to replay. Entries behind it may exist in memory, but are announced by
   * `notify` when they are durable.
   */
  readonly journalLength: number
  /**
   * State of the object or workflow, to be read when the attempt starts; keys are bytes as latin1 text.
   * `undefined` for plain services.
   */
  readonly state: ReadonlyMap<string, Uint8Array> | undefined
}

/** Runs attempts; implemented by the invoker, told by the partition what to do. No method throws or blocks. */
export interface AttemptRunner {
  start(order: AttemptOrder): void
  /** The notification at `index` of the journal is durable: stream it if an attempt is open, else forget it. */
  notify(invocation: Invocation, index: number): void
  /** Close the request of the open attempt, so that the handler suspends or ends as soon as it waits. */
  interrupt(seq: InvocationSeq): void
  /** Reset the attempt's stream and forget it; nothing that it still sends counts. */
  abort(seq: InvocationSeq): void
}

export type AttemptCommand = AppendEntry | ProposeRun | Suspend | End | FailAttempt

/** What an attempt talks to; implemented by the partition. */
export interface AttemptHost {
  /**
   * Puts what the service said before the core, in the order of calls. Returns false when too much waits for
   * the log: stop reading from services until `onDrain` runs. `durable` runs once the command is in the log;
   * it does not run for a command that was dropped as stale or refused.
   */
  propose(attempt: number, command: AttemptCommand, durable?: () => void): boolean
  onDrain(listener: () => void): void
}
