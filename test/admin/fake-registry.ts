import { once } from 'node:events'
import type { DeploymentRecord, ServiceRecord } from '../../src/core/deployment.ts'
import type { DeploymentId } from '../../src/core/ids.ts'
import type { ResolvedService, Schema } from '../../src/core/schema.ts'
import type { Registration } from '../../src/registry/registry.ts'
import type { RegisterRequest, ServiceChanges, UpdateRequest } from '../../src/registry/requests.ts'
import { deployment, dpA, dpB, service } from './samples.ts'

/** Discovery of this one ends only when the caller gives up. */
export const HANGING_URI = 'http://localhost:19398/'

/** A registry without discovery: it finds the same services everywhere, and remembers what it was asked. */
export class FakeRegistry {
  readonly requests: unknown[] = []
  /** What the next request is answered with instead. */
  failure: Error | undefined
  readonly #schema: Schema
  readonly #services: readonly ServiceRecord[]

  constructor(schema: Schema, services: readonly ServiceRecord[] = [service('Greeter')]) {
    this.#schema = schema
    this.#services = services
  }

  async register(request: RegisterRequest): Promise<Registration> {
    this.#note(request)
    const { signal } = request
    if (request.uri === HANGING_URI && signal !== undefined) {
      await once(signal, 'abort')
      throw signal.reason
    }
    const known = [...this.#schema.deployments()].find((each) => each.uri === request.uri)
    if (known !== undefined && request.force !== true) return { deployment: known, outcome: 'unchanged', info: [] }
    const made = deployment(known?.id ?? (this.#schema.deployment(dpA) === undefined ? dpA : dpB), {
      uri: request.uri,
      additionalHeaders: Object.entries(request.additionalHeaders ?? {}),
      metadata: request.metadata ?? {},
      services: this.#services.map((each) => ({
        ...each,
        revision: (this.#schema.service(each.name)?.service.revision ?? 0) + 1,
      })),
    })
    if (request.dryRun !== true) this.#schema.put(made)
    return { deployment: made, outcome: known === undefined ? 'created' : 'overwritten', info: [] }
  }

  async updateDeployment(id: DeploymentId, request: UpdateRequest): Promise<DeploymentRecord> {
    this.#note(request)
    const current = this.#schema.deployment(id)
    if (current === undefined) throw new Error('admin asks for known deployments only')
    const headers = request.additionalHeaders
    const changed = {
      ...current,
      uri: request.uri ?? current.uri,
      additionalHeaders: headers === undefined ? current.additionalHeaders : Object.entries(headers),
    }
    this.#schema.put(changed)
    return changed
  }

  async remove(id: DeploymentId): Promise<void> {
    this.#note({ remove: id })
    this.#schema.remove(id)
  }

  async patchService(name: string, changes: ServiceChanges): Promise<ResolvedService> {
    this.#note({ name, ...changes })
    const resolved = this.#schema.service(name)
    if (resolved === undefined) throw new Error('admin asks for known services only')
    return { deployment: resolved.deployment, service: { ...resolved.service, ...changes } }
  }

  #note(request: object): void {
    const { signal: _, ...asked } = { signal: undefined, ...request }
    this.requests.push(asked)
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
  }
}
