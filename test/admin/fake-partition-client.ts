import type {
  MutateState,
  Operation,
  OperationOutcome,
  PutDeployment,
  RemoveDeployment,
} from '../../src/core/commands/command.ts'
import { decide } from '../../src/core/decide.ts'
import type { InvocationId } from '../../src/core/ids.ts'
import type { Invocation, NewInvocation } from '../../src/core/invocation.ts'
import type { Schema } from '../../src/core/schema.ts'
import { PartitionState } from '../../src/core/state.ts'
import type { Acceptance, OutputAnswer, PartitionClient, Waiting } from '../../src/partition/partition-client.ts'

/** A partition without log: invocations as tests put them there, and the real core for operations on them. */
export class FakePartitionClient implements PartitionClient {
  readonly operations: Operation[] = []
  readonly mutations: MutateState[] = []
  /** What operations answer with instead. */
  outcome: OperationOutcome | undefined
  /** Thrown by operations on this invocation, and by state mutations. */
  failure: { readonly id: InvocationId; readonly error: Error } | undefined
  readonly #state = new PartitionState()

  get schema(): Schema {
    return this.#state.schema
  }

  put(invocation: Invocation): void {
    const seq = this.#state.nextSeq++
    this.#state.add({ ...invocation, seq })
    const { service, key } = invocation.target
    if (invocation.status !== 'inboxed' || key === undefined) return
    this.#state.keyed(service, key).queue.push({ kind: 'invocation', order: this.#state.nextOrder, seq })
  }

  async durable(): Promise<void> {}

  invocation(id: InvocationId): Invocation | undefined {
    return this.#state.find(id)
  }

  async operate(operation: Operation): Promise<OperationOutcome> {
    if (this.failure?.id === operation.id) throw this.failure.error
    this.operations.push(operation)
    const { outcome } = this.outcome === undefined ? decide(operation, this.#state) : this
    if (outcome === undefined) throw new Error('an operation has an outcome')
    return outcome
  }

  async mutateState(mutation: MutateState): Promise<void> {
    if (this.failure !== undefined) throw this.failure.error
    this.mutations.push(mutation)
  }

  async commit(command: PutDeployment | RemoveDeployment): Promise<void> {
    decide(command, this.#state)
  }

  signal(): Promise<void> {
    throw new Error('admin sends no signals')
  }

  send(_invocation: NewInvocation): Promise<Acceptance> {
    throw new Error('admin does not send')
  }

  call(_invocation: NewInvocation): Waiting {
    throw new Error('admin does not call')
  }

  attach(_id: InvocationId): Waiting {
    throw new Error('admin does not attach')
  }

  output(_id: InvocationId): Promise<OutputAnswer> {
    throw new Error('admin does not ask for outputs')
  }
}
