import type { PutDeployment, RemoveDeployment } from '../core/commands/command.ts'
import type { DeploymentAuth, DeploymentRecord, ServiceRecord } from '../core/deployment.ts'
import type { DeploymentId } from '../core/ids.ts'
import type { ResolvedService, Schema } from '../core/schema.ts'
import { NotRegistered, ProtocolVersionsChanged, RegistryClosed } from '../errors/registry.ts'
import { parseAdditionalHeaders } from './additional-headers.ts'
import type { RegistrationLimits } from './build-options.ts'
import { buildServices } from './build-services.ts'
import { changeService } from './change-service.ts'
import { checkProtocol, type ProtocolRange } from './check-protocol.ts'
import { deploymentAuth, updatedAuth } from './deployment-auth.ts'
import { addressOf, displayUri, parseDeploymentUri } from './deployment-uri.ts'
import type { Discovered, DiscoveryRequest } from './discover.ts'
import type { InfoMessage } from './info-message.ts'
import type { RegisterRequest, ServiceChanges, UpdateRequest } from './requests.ts'
import { type DeploymentAddress, findAtAddress, type RevisionRules, replaceServices, revise } from './revise.ts'
import { SerialQueue } from './serial-queue.ts'

export interface RegistryOptions {
  /** Read only here. A command that `commit` has resolved must be visible in it. */
  readonly schema: Schema
  /** Resolves when the command is durable and applied; the registry changes nothing by any other way. */
  readonly commit: (command: PutDeployment | RemoveDeployment) => Promise<void>
  /** `discover` with the options of this server. */
  readonly discover: (request: DiscoveryRequest) => Promise<Discovered>
  readonly newDeploymentId: () => DeploymentId
  /** ms since epoch */
  readonly now: () => number
  readonly limits: RegistrationLimits
  /** `admin.deployment-routing-headers`, in any letter case. */
  readonly routingHeaders: readonly string[]
}

export interface Registration {
  readonly deployment: DeploymentRecord
  readonly outcome: 'created' | 'overwritten' | 'unchanged'
  readonly info: readonly InfoMessage[]
}

/**
 * Adds, changes and removes deployments. Discoveries of different addresses run side by side; what they lead to is
 * decided and stored one after the other, against the registry as it is then. A failure leaves everything as it was.
 */
export class Registry {
  readonly #options: RegistryOptions
  readonly #routingHeaders: readonly string[]
  readonly #addresses = new SerialQueue()
  readonly #changes = new SerialQueue()
  readonly #closing = new AbortController()

  constructor(options: RegistryOptions) {
    this.#options = options
    this.#routingHeaders = options.routingHeaders.map((name) => name.toLowerCase())
  }

  /** Discovers a deployment and makes it the newest revision of its services. Rejects as `discover` and `revise`. */
  async register(request: RegisterRequest): Promise<Registration> {
    const { schema, limits } = this.#options
    const url = parseDeploymentUri(request.uri)
    const address = { url, headers: parseAdditionalHeaders(request.additionalHeaders ?? {}) }
    const auth = request.auth === undefined ? undefined : deploymentAuth(request.uri, request.auth)
    return this.#addresses.run(addressOf(url), async () => {
      const known = request.force === true ? undefined : findAtAddress(schema, address, this.#routingHeaders)
      if (known !== undefined) return unchanged(known)
      const discovered = await this.#discover(address, auth, request.useHttp11 === true, request.signal)
      const range = checkProtocol(displayUri(url), discovered)
      const { services, info } = buildServices(discovered.manifest, limits)
      return this.#change(async () => {
        const revision = revise(schema, address, services, this.#rulesOf(request))
        if (revision.kind === 'unchanged') return unchanged(revision.existing)
        const deployment: DeploymentRecord = {
          ...located(address, auth, discovered, range),
          id: revision.kind === 'new' ? this.#options.newDeploymentId() : revision.existing.id,
          metadata: request.metadata ?? {},
          createdAt: this.#options.now(),
          services: revision.services,
        }
        if (request.dryRun !== true) await this.#put(deployment)
        return { deployment, outcome: revision.kind === 'new' ? 'created' : 'overwritten', info }
      })
    })
  }

  /**
   * Points a deployment at another address, or changes its headers or authentication, after a discovery by what is
   * new. Running invocations follow, so the protocol versions must stay the same.
   */
  async updateDeployment(id: DeploymentId, request: UpdateRequest): Promise<DeploymentRecord> {
    const given = this.#deployment(id)
    const headers =
      request.additionalHeaders === undefined ? undefined : parseAdditionalHeaders(request.additionalHeaders)
    const url = parseDeploymentUri(request.uri ?? given.uri)
    const asksNothing =
      request.uri === undefined &&
      headers === undefined &&
      request.auth === undefined &&
      request.useHttp11 === undefined &&
      request.overwrite !== true
    if (asksNothing) return given
    const updated = await this.#addresses.run(addressOf(url), async () => {
      const before = this.#deployment(id)
      // It has moved while this waited for its turn at the address where it was.
      if (request.uri === undefined && before.uri !== given.uri) return undefined
      const address = { url, headers: headers ?? before.additionalHeaders }
      const auth = updatedAuth(request.uri ?? before.uri, before.auth, request.auth)
      const useHttp11 = request.useHttp11 ?? before.httpVersion === 'HTTP/1.1'
      const discovered = await this.#discover(address, auth, useHttp11, request.signal)
      const range = checkProtocol(displayUri(url), discovered)
      const { services } = buildServices(discovered.manifest, this.#options.limits)
      return this.#change(async () => {
        const current = this.#deployment(id)
        if (!isLocatedAs(current, before)) return undefined
        checkSameRange(current, range)
        const deployment: DeploymentRecord = {
          ...located(address, auth, discovered, range),
          id,
          metadata: current.metadata,
          createdAt: current.createdAt,
          services:
            request.overwrite === true ? replaceServices(this.#options.schema, current, services) : current.services,
        }
        if (request.dryRun !== true) await this.#put(deployment)
        return deployment
      })
    })
    // What was discovered is not what it has become meanwhile: another change would be undone without a word.
    return updated ?? this.updateDeployment(id, request)
  }

  /** Forgets a deployment. Its services fall back to the highest revision left, or vanish. */
  async remove(id: DeploymentId): Promise<void> {
    await this.#change(async () => {
      this.#deployment(id)
      await this.#options.commit({ type: 'remove-deployment', now: this.#options.now(), deploymentId: id })
    })
  }

  /** Changes settings of the active revision of a service, until the next registration of it. */
  async patchService(name: string, changes: ServiceChanges): Promise<ResolvedService> {
    return this.#change(async () => {
      const resolved = this.#options.schema.service(name)
      if (resolved === undefined) throw new NotRegistered(`The requested service '${name}' does not exist.`)
      if (Object.values(changes).every((value) => value === undefined)) return resolved
      const service = changeService(resolved.service, changes)
      const deployment = withService(resolved.deployment, service)
      await this.#put(deployment)
      return { deployment, service }
    })
  }

  /** Breaks off running discoveries and waits for what is being stored. */
  async close(): Promise<void> {
    this.#closing.abort(new RegistryClosed('the server is stopping; register again when it is back.'))
    await this.#addresses.idle()
    await this.#changes.idle()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #discover(
    address: DeploymentAddress,
    auth: DeploymentAuth | undefined,
    useHttp11: boolean,
    caller?: AbortSignal,
  ): Promise<Discovered> {
    const signal = caller === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, caller])
    signal.throwIfAborted()
    return this.#options.discover({
      url: address.url,
      useHttp11,
      additionalHeaders: address.headers,
      ...(auth === undefined ? {} : { auth }),
      signal,
    })
  }

  /** All changes pass here one at a time: revisions count over all deployments. */
  async #change<T>(change: () => Promise<T>): Promise<T> {
    return this.#changes.run('', async () => {
      this.#closing.signal.throwIfAborted()
      return change()
    })
  }

  async #put(deployment: DeploymentRecord): Promise<void> {
    await this.#options.commit({ type: 'put-deployment', now: this.#options.now(), deployment })
  }

  #deployment(id: DeploymentId): DeploymentRecord {
    const deployment = this.#options.schema.deployment(id)
    if (deployment === undefined) throw new NotRegistered(`The requested deployment '${id}' does not exist.`)
    return deployment
  }

  #rulesOf(request: RegisterRequest): RevisionRules {
    return {
      force: request.force === true,
      breaking: request.breaking === true,
      routingHeaders: this.#routingHeaders,
    }
  }
}

function unchanged(deployment: DeploymentRecord): Registration {
  return { deployment, outcome: 'unchanged', info: [] }
}

/** The part of a deployment that its address, the way to it and discovery determine. */
function located(
  address: DeploymentAddress,
  auth: DeploymentAuth | undefined,
  discovered: Discovered,
  range: ProtocolRange,
) {
  return {
    uri: address.url.href,
    additionalHeaders: address.headers,
    ...(auth === undefined ? {} : { auth }),
    protocolMode: discovered.manifest.protocolMode,
    httpVersion: discovered.httpVersion === 'HTTP/2.0' ? ('HTTP/2.0' as const) : ('HTTP/1.1' as const),
    minProtocolVersion: range.min,
    maxProtocolVersion: range.max,
    ...(discovered.sdkVersion === undefined ? {} : { sdkVersion: discovered.sdkVersion }),
  }
}

/** Whether nobody has changed it in between: records are replaced, and at most this says no too often. */
function isLocatedAs(one: DeploymentRecord, other: DeploymentRecord): boolean {
  return (
    one.uri === other.uri &&
    one.auth === other.auth &&
    one.additionalHeaders === other.additionalHeaders &&
    one.httpVersion === other.httpVersion
  )
}

function checkSameRange(deployment: DeploymentRecord, range: ProtocolRange): void {
  const { minProtocolVersion: min, maxProtocolVersion: max } = deployment
  if (min === range.min && max === range.max) return
  throw new ProtocolVersionsChanged(
    `the update would change the supported protocol versions of deployment '${deployment.id}' from ${min} to ${max} ` +
      `into ${range.min} to ${range.max}. Use the same SDK version, or register the new code as a new deployment.`,
  )
}

function withService(deployment: DeploymentRecord, service: ServiceRecord): DeploymentRecord {
  const services = deployment.services.map((each) => (each.name === service.name ? service : each))
  return { ...deployment, services }
}
