import type { DeploymentRecord } from './deployment.ts'
import type { DeploymentId, InvocationSeq } from './ids.ts'
import type { AttemptFailure, NewInvocation, PinnedDeployment, ResponseSink, RetryState } from './invocation.ts'
import type { Awaiting, CommandEntry, FailureResult, NotificationEntry, Result } from './journal.ts'

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

/** A scheduled invocation is due. */
export interface InvocationStarted {
  readonly type: 'invocation-started'
  readonly seq: InvocationSeq
  readonly at: number
}

/** All later attempts go to this deployment, under this protocol version. */
export interface DeploymentPinned {
  readonly type: 'deployment-pinned'
  readonly seq: InvocationSeq
  readonly pinned: PinnedDeployment
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

export interface InvocationSuspended {
  readonly type: 'invocation-suspended'
  readonly seq: InvocationSeq
  readonly at: number
  readonly awaiting: Awaiting
}

/** A suspended or paused invocation goes on; its retries start anew. */
export interface InvocationResumed {
  readonly type: 'invocation-resumed'
  readonly seq: InvocationSeq
  readonly at: number
}

export interface AttemptFailed {
  readonly type: 'attempt-failed'
  readonly seq: InvocationSeq
  readonly at: number
  readonly retry: RetryState
}

export interface InvocationPaused {
  readonly type: 'invocation-paused'
  readonly seq: InvocationSeq
  readonly at: number
  readonly failure: AttemptFailure
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
  | InvocationStarted
  | DeploymentPinned
  | EntryAppended
  | OutputAppended
  | SleepStarted
  | InvocationSuspended
  | InvocationResumed
  | AttemptFailed
  | InvocationPaused
  | InvocationCompleted
  | JournalDropped
  | InvocationPurged
  | DeploymentPut
  | DeploymentRemoved
