import type { DeploymentRecord } from './deployment.ts'
import type { DeploymentId, InvocationId, InvocationSeq } from './ids.ts'
import type { AttemptFailure, NewInvocation, PinnedDeployment, ResponseSink, RetryState } from './invocation.ts'
import type { Awaiting, CommandEntry, FailureResult, NotificationEntry, Result } from './journal.ts'
import type { PromiseListener, StateMutation } from './keyed.ts'

/** An invocation exists. It waits for its time when `scheduled`, else its first attempt is due. */
export interface InvocationCreated {
  readonly type: 'invocation-created'
  readonly seq: InvocationSeq
  readonly at: number
  readonly scheduled: boolean
  readonly invocation: NewInvocation
}

/** One more caller waits for the result. */
export interface SinkAdded {
  readonly type: 'sink-added'
  readonly seq: InvocationSeq
  readonly sink: ResponseSink
}

/** The key is busy: the invocation waits for its turn. Also one that was scheduled and is due. */
export interface InvocationQueued {
  readonly type: 'invocation-queued'
  readonly seq: InvocationSeq
  readonly at: number
  /** Place in the queue, rising over all keys of the partition. */
  readonly order: number
}

/** An exclusive invocation takes its key, from nobody or from the one before it. */
export interface KeyTaken {
  readonly type: 'key-taken'
  readonly seq: InvocationSeq
}

/** The exclusive invocation gives its key back. */
export interface KeyReleased {
  readonly type: 'key-released'
  readonly seq: InvocationSeq
}

/** An invocation that was scheduled or queued begins. */
export interface InvocationStarted {
  readonly type: 'invocation-started'
  readonly seq: InvocationSeq
  readonly at: number
}

/** All later attempts go to this deployment, under this protocol version; `undefined`: to the latest again. */
export interface DeploymentPinned {
  readonly type: 'deployment-pinned'
  readonly seq: InvocationSeq
  readonly pinned: PinnedDeployment | undefined
}

export interface EntryAppended {
  readonly type: 'entry-appended'
  readonly seq: InvocationSeq
  readonly entry: CommandEntry | NotificationEntry
}

/** An Output command: an entry like the others, and the result if End follows. The last one counts. */
export interface OutputAppended {
  readonly type: 'output-appended'
  readonly seq: InvocationSeq
  readonly entry: CommandEntry
  readonly result: Result
}

/** A timer runs for this Sleep command, until its completion is appended. */
export interface SleepStarted {
  readonly type: 'sleep-started'
  readonly seq: InvocationSeq
  readonly completionId: number
  readonly wakeUpAt: number
}

/** A Call command waits for this callee. Until its completion is appended. */
export interface CallStarted {
  readonly type: 'call-started'
  readonly seq: InvocationSeq
  readonly completionId: number
  readonly callee: InvocationId
}

/** A command that changes the state of the invocation's key: entry and change are one. */
export interface StateEntryAppended {
  readonly type: 'state-entry-appended'
  readonly seq: InvocationSeq
  readonly entry: CommandEntry
  readonly change: StateChange
}

export type StateChange =
  | { readonly kind: 'set'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'clear'; readonly key: Uint8Array }
  | { readonly kind: 'clear-all' }

/** A replacement of a key's state waits for its turn. */
export interface MutationQueued {
  readonly type: 'mutation-queued'
  readonly service: string
  readonly key: string
  readonly mutation: StateMutation
}

/** The mutation with this place in the queue has had its turn; `state` replaces all, unless its version did not fit. */
export interface MutationApplied {
  readonly type: 'mutation-applied'
  readonly service: string
  readonly key: string
  readonly order: number
  readonly state: readonly (readonly [key: Uint8Array, value: Uint8Array])[] | undefined
}

export interface PromiseAwaited {
  readonly type: 'promise-awaited'
  readonly service: string
  readonly key: string
  readonly name: string
  readonly listener: PromiseListener
}

export interface PromiseCompleted {
  readonly type: 'promise-completed'
  readonly service: string
  readonly key: string
  readonly name: string
  readonly result: Result
}

/** An operator wants the invocation to stop after the attempt that runs. */
export interface PauseRequested {
  readonly type: 'pause-requested'
  readonly seq: InvocationSeq
}

export interface InvocationSuspended {
  readonly type: 'invocation-suspended'
  readonly seq: InvocationSeq
  readonly at: number
  /** Entries that the journal had then; only under protocol V7, which keeps the suspension for operators. */
  readonly afterEntries?: number
  readonly awaiting: Awaiting
}

/** A suspended or paused invocation goes on, its retries start anew; or one that backs off does not wait any longer. */
export interface InvocationResumed {
  readonly type: 'invocation-resumed'
  readonly seq: InvocationSeq
  readonly at: number
}

export interface AttemptFailed {
  readonly type: 'attempt-failed'
  readonly seq: InvocationSeq
  readonly at: number
  /** Entries that the journal had. */
  readonly afterEntries: number
  readonly retry: RetryState
}

export interface InvocationPaused {
  readonly type: 'invocation-paused'
  readonly seq: InvocationSeq
  readonly at: number
  /** Entries that the journal had. */
  readonly afterEntries: number
  /** The last failure, when attempts were used up; an operator's pause has none of its own. */
  readonly failure: AttemptFailure | undefined
}

export interface InvocationCompleted {
  readonly type: 'invocation-completed'
  readonly seq: InvocationSeq
  readonly at: number
  /** `undefined`: the last Output is the result. */
  readonly failure: FailureResult | undefined
}

/** The journal is no longer retained; the result still is. */
export interface JournalDropped {
  readonly type: 'journal-dropped'
  readonly seq: InvocationSeq
}

/** Nothing of the invocation is left; its id may be used again. */
export interface InvocationPurged {
  readonly type: 'invocation-purged'
  readonly seq: InvocationSeq
}

export interface DeploymentPut {
  readonly type: 'deployment-put'
  readonly deployment: DeploymentRecord
}

export interface DeploymentRemoved {
  readonly type: 'deployment-removed'
  readonly deploymentId: DeploymentId
}

/** All that can happen to a partition. The log holds these. */
export type Event =
  | InvocationCreated
  | SinkAdded
  | InvocationQueued
  | KeyTaken
  | KeyReleased
  | InvocationStarted
  | DeploymentPinned
  | EntryAppended
  | OutputAppended
  | SleepStarted
  | CallStarted
  | StateEntryAppended
  | MutationQueued
  | MutationApplied
  | PromiseAwaited
  | PromiseCompleted
  | PauseRequested
  | InvocationSuspended
  | InvocationResumed
  | AttemptFailed
  | InvocationPaused
  | InvocationCompleted
  | JournalDropped
  | InvocationPurged
  | DeploymentPut
  | DeploymentRemoved

/** Events that take something away which the store may still have. */
export function isRemoval(event: Event): event is InvocationPurged | JournalDropped {
  return event.type === 'invocation-purged' || event.type === 'journal-dropped'
}
