import type { EntryType } from './entry-type.ts'
import type { InvocationId } from './ids.ts'

/** A header as it was received: name in lower case. */
export type Header = readonly [name: string, value: string]

/** A terminal failure: HTTP-like code 0..65535, text, and metadata (protocol V6 and up). */
export interface Failure {
  readonly code: number
  readonly message: string
  readonly metadata?: readonly Header[]
}

export type Success = { readonly kind: 'value'; readonly value: Uint8Array }
export type FailureResult = { readonly kind: 'failure'; readonly failure: Failure }

/** How an invocation, a run or an awaited call ended. */
export type Result = Success | FailureResult

/** What a notification carries: a result, or one of the answers that only some commands have. */
export type NotificationResult =
  | Result
  | { readonly kind: 'void' }
  | { readonly kind: 'invocation-id'; readonly invocationId: InvocationId }
  | { readonly kind: 'state-keys'; readonly keys: readonly Uint8Array[] }

/** What a notification answers: a completion id that the SDK chose, a signal index, or a signal name. */
export type NotificationKey = { readonly kind: 'completion'; readonly id: number } | SignalKey

export type SignalKey =
  | { readonly kind: 'signal'; readonly index: number }
  | { readonly kind: 'named-signal'; readonly name: string }

/** Entry 0 of every journal: what the handler was called with. */
export interface InputEntry {
  readonly kind: 'input'
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  readonly appendedAt: number
}

/** A command as the SDK sent it. `payload` is the message without its frame header and is never re-encoded. */
export interface CommandEntry {
  readonly kind: 'command'
  readonly type: EntryType
  readonly payload: Uint8Array
  /** The ids under which it is completed, chosen by the SDK. */
  readonly completionIds: readonly number[]
  readonly appendedAt: number
}

export interface NotificationEntry {
  readonly kind: 'notification'
  readonly type: EntryType
  readonly key: NotificationKey
  readonly result: NotificationResult
  readonly appendedAt: number
}

/** A journal is one list of commands and notifications in the order in which they became durable. */
export type JournalEntry = InputEntry | CommandEntry | NotificationEntry

/** How the results that a handler waits for are combined (protocol V7). */
export type Combinator =
  | 'unknown'
  | 'first-completed'
  | 'all-completed'
  | 'first-succeeded-or-all-failed'
  | 'all-succeeded-or-first-failed'

/** What a handler waits for, as a tree (protocol V7). */
export interface AwaitedFuture {
  readonly waitingCompletions: readonly number[]
  readonly waitingSignals: readonly number[]
  readonly waitingNamedSignals: readonly string[]
  readonly nestedFutures: readonly AwaitedFuture[]
  readonly combinator: Combinator
}

/** What a suspended invocation waits for. Without a `future` any one of the three lists wakes it (V5 and V6). */
export interface Awaiting {
  readonly completions: readonly number[]
  readonly signals: readonly number[]
  readonly namedSignals: readonly string[]
  /** Its leaves are in the lists; it wakes the invocation when it is resolved, or when it is cancelled. */
  readonly future?: AwaitedFuture
  /** So many entries of the journal had reached the handler. */
  readonly seenEntries: number
}
