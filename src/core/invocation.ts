import type { HandlerType, ServiceType } from './deployment.ts'
import type { EntryType } from './entry-type.ts'
import type { DeploymentId, InvocationId, InvocationSeq } from './ids.ts'
import type { Awaiting, Header, JournalEntry, Result } from './journal.ts'

export interface InvocationTarget {
  readonly service: string
  readonly serviceType: ServiceType
  /** Object key or workflow id; `undefined` for plain services. */
  readonly key: string | undefined
  readonly handler: string
  readonly handlerType: HandlerType
}

/** Who created an invocation. */
export type InvocationSource =
  | { readonly kind: 'ingress' }
  | { readonly kind: 'service'; readonly caller: InvocationId; readonly callerTarget: string }
  | { readonly kind: 'restart-as-new'; readonly from: InvocationId }

/** A caller inside the cluster that waits for the result: its `Call` (or attach) command with this id. */
export interface ResponseSink {
  readonly caller: InvocationId
  readonly completionId: number
  /** The notification that the caller gets. */
  readonly notificationType: EntryType
}

/** All that is known of an invocation before it exists. Made outside the core: ids are random, retention is configuration. */
export interface NewInvocation {
  readonly id: InvocationId
  readonly target: InvocationTarget
  readonly source: InvocationSource
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  readonly idempotencyKey: string | undefined
  /** Do not start before this time, ms since epoch. */
  readonly executionTime: number | undefined
  readonly completionRetentionMs: number
  readonly journalRetentionMs: number
  /** Draws the same random numbers as that invocation, because it continues its journal. */
  readonly seedOf?: InvocationId
  /** The id holds randomness made for this request, so nothing that exists can have it. */
  readonly fresh?: true
}

/**
 * As stored. The status that the outside sees differs in one place: `invoked` is shown as `running`,
 * `backing-off` or `ready`, by what the invoker is doing.
 */
export type InvocationStatus = 'scheduled' | 'inboxed' | 'invoked' | 'suspended' | 'paused' | 'completed'

export interface PinnedDeployment {
  readonly deploymentId: DeploymentId
  readonly protocolVersion: number
}

/** Why an attempt failed, as it is kept for operators and shown by `last_failure`. */
export interface AttemptFailure {
  readonly code: number
  readonly message: string
  readonly stacktrace?: string
  /** `RT0007` and the like. */
  readonly restateCode?: string
  readonly relatedCommandIndex?: number
  readonly relatedCommandName?: string
  readonly relatedCommandType?: number
}

/** Retries of the current run of attempts. Durable, so that a restart neither forgets nor stampedes. */
export interface RetryState {
  /** Failed attempts that count against the policy. */
  readonly countedFailures: number
  /** Failed attempts since the last newly stored command; the SDK gets it in Start. */
  readonly failuresSinceLastEntry: number
  readonly lastFailure: AttemptFailure
  /** ms since epoch */
  readonly nextAttemptAt: number
}

/** A timer that runs: the Sleep command with this completion id is due at `wakeUpAt`, ms since epoch. */
export interface Sleeping {
  readonly completionId: number
  readonly wakeUpAt: number
}

/** A Call command that waits for its callee. */
export interface OpenCall {
  readonly completionId: number
  readonly callee: InvocationId
}

/** Something that happened to an invocation beside its journal, kept for operators. */
export type InvocationEvent =
  | {
      readonly kind: 'transient-error'
      /** Entries that the journal had then. */
      readonly afterEntries: number
      readonly at: number
      readonly failure: AttemptFailure
    }
  | {
      readonly kind: 'paused'
      readonly afterEntries: number
      readonly at: number
      readonly failure: AttemptFailure | undefined
    }
  /** Kept under protocol V7 only, as in the peer. */
  | { readonly kind: 'suspended'; readonly afterEntries: number; readonly at: number; readonly awaiting: Awaiting }

/** One invocation. Only `evolve` writes to it. */
export interface Invocation {
  readonly seq: InvocationSeq
  readonly id: InvocationId
  readonly target: InvocationTarget
  readonly source: InvocationSource
  readonly idempotencyKey: string | undefined
  readonly executionTime: number | undefined
  readonly completionRetentionMs: number
  readonly journalRetentionMs: number
  /** Whose random numbers the handler draws: its own, unless it continues the journal of another. */
  readonly seedOf: InvocationId
  readonly createdAt: number
  status: InvocationStatus
  modifiedAt: number
  startedAt: number | undefined
  completedAt: number | undefined
  /** Entry 0 is the input. Empty once the journal has been dropped. */
  journal: JournalEntry[]
  commandCount: number
  pinned: PinnedDeployment | undefined
  retry: RetryState | undefined
  /**
   * Attempts that have failed since it began or was last suspended, as operators see them: whether they count against the policy or
   * not, and counted on when an operator has resumed it, which renews the attempts of a paused one.
   */
  failedAttempts: number
  awaiting: Awaiting | undefined
  sleeping: Sleeping[]
  calls: OpenCall[]
  /** Place in its key's queue, while it is `inboxed`. */
  queueOrder: number | undefined
  /** An operator wants it to pause when its attempt ends. */
  pauseRequested: boolean
  sinks: ResponseSink[]
  /** The last Output, until End publishes it. */
  output: Result | undefined
  result: Result | undefined
  events: InvocationEvent[]
}
