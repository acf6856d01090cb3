import type { DeploymentRecord, HandlerRecord, ServiceRecord } from './deployment.ts'
import type { DeploymentId } from './ids.ts'

export interface ResolvedService {
  readonly deployment: DeploymentRecord
  readonly service: ServiceRecord
}

export interface ResolvedHandler extends ResolvedService {
  readonly handler: HandlerRecord
}

/** The registered deployments and, of each service, the revision that new invocations go to: the highest. */
export class Schema {
  readonly #deployments = new Map<DeploymentId, DeploymentRecord>()
  readonly #latest = new Map<string, ResolvedService & { readonly handlers: ReadonlyMap<string, HandlerRecord> }>()

  deployments(): IterableIterator<DeploymentRecord> {
    return this.#deployments.values()
  }

  deployment(id: DeploymentId): DeploymentRecord | undefined {
    return this.#deployments.get(id)
  }

  services(): IterableIterator<ResolvedService> {
    return this.#latest.values()
  }

  service(name: string): ResolvedService | undefined {
    return this.#latest.get(name)
  }

  handler(serviceName: string, handlerName: string): ResolvedHandler | undefined {
    const latest = this.#latest.get(serviceName)
    const handler = latest?.handlers.get(handlerName)
    if (latest === undefined || handler === undefined) return undefined
    return { deployment: latest.deployment, service: latest.service, handler }
  }

  /** The handler as a given deployment has it, for invocations that are pinned to it. */
  handlerOf(id: DeploymentId, serviceName: string, handlerName: string): ResolvedHandler | undefined {
    const deployment = this.#deployments.get(id)
    const service = deployment?.services.find((s) => s.name === serviceName)
    const handler = service?.handlers.find((h) => h.name === handlerName)
    if (deployment === undefined || service === undefined || handler === undefined) return undefined
    return { deployment, service, handler }
  }

  put(deployment: DeploymentRecord): void {
    this.#deployments.set(deployment.id, deployment)
    this.#reindex()
  }

  remove(id: DeploymentId): void {
    this.#deployments.delete(id)
    this.#reindex()
  }

  #reindex(): void {
    this.#latest.clear()
    for (const deployment of this.#deployments.values()) {
      for (const service of deployment.services) {
        const known = this.#latest.get(service.name)
        if (known !== undefined && known.service.revision >= service.revision) continue
        const handlers = new Map(service.handlers.map((h) => [h.name, h]))
        this.#latest.set(service.name, { deployment, service, handlers })
      }
    }
  }
}
