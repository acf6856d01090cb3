import type { DeploymentRecord } from '../deployment.ts'
import type { EntryType } from '../entry-type.ts'
import type { DeploymentId, InvocationId, InvocationSeq } from '../ids.ts'
import type { AttemptFailure, NewInvocation, PinnedDeployment } from '../invocation.ts'
import type { Awaiting, Result, SignalKey } from '../journal.ts'

/** A request, from ingress, to run something. `now` is ms since epoch in every command. */
export interface Invoke {
  readonly type: 'invoke'
  readonly now: number
  readonly invocation: NewInvocation
}

/**
 * A command of the service protocol, decoded and checked by the invoker. `payload` is the message as it
 * came. The deployment and version are those of the attempt; the first one stored pins them.
 */
export interface AppendEntry {
  readonly type: 'append-entry'
  readonly now: number
  readonly seq: InvocationSeq
  readonly deployment: PinnedDeployment
  readonly payload: Uint8Array
  readonly entry: SdkCommand
}

/** What the core needs to know of each command beyond its payload. State keys are bytes, promise names text. */
export type SdkCommand =
  /** Journal only: nothing follows from it. */
  | { readonly kind: 'record'; readonly entryType: EntryType }
  | { readonly kind: 'output'; readonly result: Result }
  | { readonly kind: 'run'; readonly completionId: number; readonly name: string }
  | { readonly kind: 'sleep'; readonly completionId: number; readonly wakeUpAt: number }
  | {
      readonly kind: 'call'
      readonly invocationIdCompletionId: number
      readonly resultCompletionId: number
      readonly callee: NewInvocation
    }
  | { readonly kind: 'one-way-call'; readonly invocationIdCompletionId: number; readonly callee: NewInvocation }
  | { readonly kind: 'get-state'; readonly completionId: number; readonly key: Uint8Array }
  | { readonly kind: 'get-state-keys'; readonly completionId: number }
  | { readonly kind: 'set-state'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'clear-state'; readonly key: Uint8Array }
  | { readonly kind: 'clear-all-state' }
  | { readonly kind: 'get-promise'; readonly completionId: number; readonly name: string }
  | { readonly kind: 'peek-promise'; readonly completionId: number; readonly name: string }
  | {
      readonly kind: 'complete-promise'
      readonly completionId: number
      readonly name: string
      readonly result: Result
    }
  | { readonly kind: 'attach'; readonly completionId: number; readonly target: InvocationId }
  | { readonly kind: 'get-output'; readonly completionId: number; readonly target: InvocationId }
  /** Also a completed awakeable: that is a signal by index. Signal 1 with `void` cancels. */
  | { readonly kind: 'send-signal'; readonly entryType: EntryType; readonly signal: Signal }

/** What is delivered to an invocation from outside of its own journal. */
export interface Signal {
  readonly target: InvocationId
  readonly key: SignalKey
  readonly result: Result | { readonly kind: 'void' }
}

/** The result of a `ctx.run`. */
export interface ProposeRun {
  readonly type: 'propose-run'
  readonly now: number
  readonly seq: InvocationSeq
  readonly deployment: PinnedDeployment
  readonly completionId: number
  readonly result: Result
}

/** The attempt ended because the handler waits. */
export interface Suspend {
  readonly type: 'suspend'
  readonly now: number
  readonly seq: InvocationSeq
  readonly awaiting: Awaiting
}

/** The attempt ended after an Output. */
export interface End {
  readonly type: 'end'
  readonly now: number
  readonly seq: InvocationSeq
}

/** The attempt failed; what follows has been decided by the retry policy. */
export interface FailAttempt {
  readonly type: 'fail-attempt'
  readonly now: number
  readonly seq: InvocationSeq
  readonly failure: AttemptFailure
  /** False when the failure says nothing about the handler (no deployment, 415): Start's retry count stays. */
  readonly countsForHandler: boolean
  /** False when the service chose the delay itself: max attempts is not used up. */
  readonly countsForPolicy: boolean
  readonly outcome:
    | { readonly kind: 'retry'; readonly at: number }
    | { readonly kind: 'pause' }
    | { readonly kind: 'kill' }
}

export interface FireTimer {
  readonly type: 'fire-timer'
  readonly now: number
  readonly timer: Timer
}

/** What a timer does when it is due. All three can be derived from the state. */
export type Timer =
  | { readonly kind: 'start'; readonly seq: InvocationSeq; readonly at: number }
  | { readonly kind: 'sleep'; readonly seq: InvocationSeq; readonly at: number; readonly completionId: number }
  | { readonly kind: 'retry'; readonly seq: InvocationSeq; readonly at: number }

/** After a restart of the server: what was running goes on. */
export interface RestartAttempt {
  readonly type: 'restart-attempt'
  readonly now: number
  readonly seq: InvocationSeq
}

/** Removes invocations whose retention is over. */
export interface Expire {
  readonly type: 'expire'
  readonly now: number
  readonly seqs: readonly InvocationSeq[]
}

/** From ingress: an awakeable is resolved or rejected. Unknown and finished invocations ignore it. */
export interface DeliverSignal {
  readonly type: 'deliver-signal'
  readonly now: number
  readonly signal: Signal
}

/** Asks the handler to stop; what has not started is removed. */
export interface Cancel {
  readonly type: 'cancel'
  readonly now: number
  readonly id: InvocationId
}

/** Ends an invocation and the calls that it waits for, at once and without the handler. */
export interface Kill {
  readonly type: 'kill'
  readonly now: number
  readonly id: InvocationId
}

/** Forgets a completed invocation, or only its journal. */
export interface Purge {
  readonly type: 'purge'
  readonly now: number
  readonly id: InvocationId
  readonly what: 'all' | 'journal'
}

/** Stops after the running attempt, which is asked to end, until it is resumed. */
export interface Pause {
  readonly type: 'pause'
  readonly now: number
  readonly id: InvocationId
}

/** Starts the next attempt now. `pinned` moves the invocation to another deployment. */
export interface Resume {
  readonly type: 'resume'
  readonly now: number
  readonly id: InvocationId
  /** `unpin`: to whatever is latest when it starts. */
  readonly deployment: 'keep' | 'unpin' | PinnedDeployment
}

/** Runs a completed invocation again as a new one, from its input or from a prefix of its journal. */
export interface RestartAsNew {
  readonly type: 'restart-as-new'
  readonly now: number
  readonly id: InvocationId
  readonly newId: InvocationId
  /** Index of the last entry of the journal that is kept; 0 keeps the input alone. */
  readonly from: number
  readonly deployment: 'keep' | 'latest' | PinnedDeployment
}

/** Replaces the whole state of an object's or workflow's key, behind what the key has queued. */
export interface MutateState {
  readonly type: 'mutate-state'
  readonly now: number
  readonly service: string
  readonly key: string
  /** Changes nothing unless the state has this version when its turn comes. */
  readonly version: string | undefined
  readonly state: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
}

export interface PutDeployment {
  readonly type: 'put-deployment'
  readonly now: number
  readonly deployment: DeploymentRecord
}

export interface RemoveDeployment {
  readonly type: 'remove-deployment'
  readonly now: number
  readonly deploymentId: DeploymentId
}

/** What operators do to one invocation. */
export type Operation = Cancel | Kill | Purge | Pause | Resume | RestartAsNew

/** How an operation ended. */
export type OperationOutcome =
  /** It is done. */
  | 'done'
  /** It is under way: the handler has been asked. */
  | 'requested'
  | 'not-found'
  | 'already-completed'
  | 'not-completed'
  /** Scheduled, or waiting for its turn. */
  | 'not-started'
  | 'not-running'
  | 'still-running'
  | 'not-pinned'
  | 'journal-gone'
  | 'workflow'
  | 'old-protocol'
  | 'bad-index'
  | 'open-commands'

/** Everything that can be asked of a partition. Time and randomness are inside. */
export type Command =
  | Invoke
  | AppendEntry
  | ProposeRun
  | Suspend
  | End
  | FailAttempt
  | FireTimer
  | RestartAttempt
  | Expire
  | DeliverSignal
  | Operation
  | MutateState
  | PutDeployment
  | RemoveDeployment
