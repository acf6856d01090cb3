import type { DeploymentRecord } from '../deployment.ts'
import type { EntryType } from '../entry-type.ts'
import type { DeploymentId, InvocationSeq } from '../ids.ts'
import type { AttemptFailure, NewInvocation, PinnedDeployment } from '../invocation.ts'
import type { Awaiting, Result } from '../journal.ts'

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

/** What the core needs to know of each command beyond its payload. */
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

/** Removes invocations whose retention is over. */
export interface Expire {
  readonly type: 'expire'
  readonly now: number
  readonly seqs: readonly InvocationSeq[]
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

/** Everything that can be asked of a partition. Time and randomness are inside. */
export type Command =
  | Invoke
  | AppendEntry
  | ProposeRun
  | Suspend
  | End
  | FailAttempt
  | FireTimer
  | Expire
  | PutDeployment
  | RemoveDeployment
