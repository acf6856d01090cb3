import type {
  MutateState,
  Operation,
  OperationOutcome,
  PutDeployment,
  RemoveDeployment,
  Signal,
} from '../core/commands/command.ts'
import type { InvocationId } from '../core/ids.ts'
import type { Invocation, NewInvocation } from '../core/invocation.ts'
import type { Result } from '../core/journal.ts'
import type { Schema } from '../core/schema.ts'

/** The answer to a send: given when the invocation is durable. */
export interface Acceptance {
  readonly id: InvocationId
  /** `previously-accepted`: an invocation with this id exists; body, headers and delay of the request were ignored. */
  readonly status: 'accepted' | 'previously-accepted'
  /** When a scheduled invocation that has not started will start, ms since epoch. */
  readonly executionTime: number | undefined
}

/** The answer to a call or an attach. */
export interface Completion {
  readonly id: InvocationId
  readonly result: Result
  /** Set when the answer came from a retained completion, ms since epoch: until when it is retained. */
  readonly retainedUntil: number | undefined
}

/** Somebody who waits for a completion. `cancel` forgets the caller; the invocation goes on. */
export interface Waiting {
  /** `undefined`: there is no such invocation. */
  readonly completion: Promise<Completion | undefined>
  cancel(): void
}

export type OutputAnswer =
  | { readonly status: 'unknown' }
  | { readonly status: 'in-flight' }
  | { readonly status: 'completed'; readonly completion: Completion }

/** What ingress and admin ask of the partition. Every promise settles after the log has synced what it tells. */
export interface PartitionClient {
  readonly schema: Schema
  /** Accepts an invocation, or finds the one that has its id. */
  send(invocation: NewInvocation): Promise<Acceptance>
  /** Accepts an invocation, or finds the one that has its id, and waits for its result. */
  call(invocation: NewInvocation): Waiting
  /** Waits for the result of an invocation that exists. */
  attach(id: InvocationId): Waiting
  output(id: InvocationId): Promise<OutputAnswer>
  /** The invocation as it is now, for introspection; it may be ahead of the log. Never keep it, never write to it. */
  invocation(id: InvocationId): Invocation | undefined
  /** Resolves when all that can be seen now is in the log, so that it may be told: a crash takes nothing of it back. */
  durable(): Promise<void>
  /** Delivers a signal, as a resolved awakeable is one. Resolves when it is durable, whether it found its target or not. */
  signal(signal: Signal): Promise<void>
  /** Does what an operator asks of an invocation; resolves when that is durable. */
  operate(operation: Operation): Promise<OperationOutcome>
  /** Puts a replacement of a key's state into its queue; resolves when that is durable, not when it is applied. */
  mutateState(mutation: MutateState): Promise<void>
  /** Changes the schema; resolves when the change is durable. */
  commit(command: PutDeployment | RemoveDeployment): Promise<void>
}
