import type { Timer } from './commands/command.ts'
import type { Invocation } from './invocation.ts'
import type { Result } from './journal.ts'

/**
 * Starts an attempt that replays `journalLength` entries. `first`: may start before the log has synced, if the
 * state of its key is durable.
 */
export interface StartAttempt {
  readonly type: 'start-attempt'
  readonly invocation: Invocation
  readonly journalLength: number
  readonly first: boolean
}

/** Streams the notification at `index` to the open attempt, if there is one. */
export interface Notify {
  readonly type: 'notify'
  readonly invocation: Invocation
  readonly index: number
}

/** Asks the handler of the open attempt to suspend or end. */
export interface Interrupt {
  readonly type: 'interrupt'
  readonly invocation: Invocation
}

/** Breaks off the open attempt: nothing that it still says counts. */
export interface Abort {
  readonly type: 'abort'
  readonly invocation: Invocation
}

export interface ArmTimer {
  readonly type: 'arm-timer'
  readonly timer: Timer
}

/** Answers those outside who wait for the result. */
export interface AnswerWaiting {
  readonly type: 'answer-waiting'
  readonly invocation: Invocation
  readonly result: Result
}

/**
 * What has to be done once the events of the same turn are in the log. Effects are hints: each can be
 * derived again from the state, so a crash between log and effect loses nothing.
 */
export type Effect = StartAttempt | Notify | Interrupt | Abort | ArmTimer | AnswerWaiting
