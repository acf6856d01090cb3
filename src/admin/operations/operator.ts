import type { Operation as Command } from '../../core/commands/command.ts'
import type { InvocationId } from '../../core/ids.ts'
import type { PartitionClient } from '../../partition/partition-client.ts'
import { invocationIdBeside } from '../../protocol/ids/derive-invocation-id.ts'
import { ulidRandomBytes } from '../../protocol/ids/ulid.ts'
import type { AuditDetails } from '../operation.ts'
import { choiceText, type DeploymentChoice } from './deployment-choice.ts'
import { type OperationName, type Refusal, refusalOf } from './refusal.ts'
import { restartCommand } from './restart-as-new.ts'
import { resumeCommand } from './resume.ts'

/** What is asked of one invocation. */
export type OperationRequest =
  | { readonly name: Exclude<OperationName, 'resume' | 'restart-as-new'> }
  | { readonly name: 'resume'; readonly deployment: DeploymentChoice }
  | { readonly name: 'restart-as-new'; readonly deployment: DeploymentChoice; readonly from: number }

export interface Performed {
  /** `requested`: it is under way, the handler has been asked. */
  readonly outcome: 'done' | 'requested'
  /** The invocation that a restart has made. */
  readonly newId: InvocationId | undefined
}

export interface OperatorOptions {
  readonly client: Pick<PartitionClient, 'schema' | 'invocation' | 'operate'>
  /** ms since epoch */
  readonly now: () => number
  /** Fresh random bytes, at least this many. */
  readonly random: (byteLength: number) => Uint8Array
  /** The newest protocol version that invocations are started with. */
  readonly newestVersion: number
}

/** Does to invocations what operators ask for. */
export class Operator {
  readonly #options: OperatorOptions

  constructor(options: OperatorOptions) {
    this.#options = options
  }

  /** Resolves when what was done is durable. */
  async perform(id: InvocationId, request: OperationRequest): Promise<Performed | Refusal> {
    const command = this.#command(id, request)
    if ('error' in command) return command
    const outcome = await this.#options.client.operate(command)
    if (outcome !== 'done' && outcome !== 'requested') return refusalOf(request.name, outcome, id)
    return { outcome, newId: command.type === 'restart-as-new' ? command.newId : undefined }
  }

  #command(id: InvocationId, request: OperationRequest): Command | Refusal {
    const { client, random, newestVersion } = this.#options
    const now = this.#options.now()
    switch (request.name) {
      case 'cancel':
      case 'kill':
      case 'pause':
        return { type: request.name, now, id }
      case 'purge':
        return { type: 'purge', now, id, what: 'all' }
      case 'purge-journal':
        return { type: 'purge', now, id, what: 'journal' }
      case 'resume':
        return resumeCommand(client.schema, id, client.invocation(id), request.deployment, now)
      case 'restart-as-new': {
        const restart = { ...request, newestVersion, newId: invocationIdBeside(id, now, random(ulidRandomBytes)) }
        return restartCommand(client.schema, id, client.invocation(id), restart, now)
      }
    }
  }
}

/** What was asked, for the audit log. */
export function requestForLog(request: OperationRequest): AuditDetails {
  switch (request.name) {
    case 'resume':
      return { deployment: choiceText(request.deployment) }
    case 'restart-as-new':
      return { deployment: choiceText(request.deployment), from: request.from }
    default:
      return {}
  }
}

/** How it ended, for the audit log. */
export function performedForLog({ outcome, newId }: Performed): AuditDetails {
  return { outcome, ...(newId === undefined ? {} : { newInvocationId: newId }) }
}

/** How it ended when it was not done, in a request that was not itself refused. */
export function refusedForLog(errorCode: string | undefined): AuditDetails {
  return { result: 'refused', ...(errorCode === undefined ? {} : { errorCode }) }
}
