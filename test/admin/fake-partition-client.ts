import type { PutDeployment, RemoveDeployment } from '../../src/core/commands/command.ts'
import type { InvocationId } from '../../src/core/ids.ts'
import type { Invocation, NewInvocation } from '../../src/core/invocation.ts'
import { Schema } from '../../src/core/schema.ts'
import type { Acceptance, OutputAnswer, PartitionClient, Waiting } from '../../src/partition/partition-client.ts'

/** A partition without log or core: a schema, and invocations as tests put them there. */
export class FakePartitionClient implements PartitionClient {
  readonly schema = new Schema()
  readonly #invocations = new Map<InvocationId, Invocation>()

  put(invocation: Invocation): void {
    this.#invocations.set(invocation.id, invocation)
  }

  invocation(id: InvocationId): Invocation | undefined {
    return this.#invocations.get(id)
  }

  async commit(command: PutDeployment | RemoveDeployment): Promise<void> {
    if (command.type === 'put-deployment') this.schema.put(command.deployment)
    else this.schema.remove(command.deploymentId)
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
