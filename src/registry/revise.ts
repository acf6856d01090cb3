import type { DeploymentRecord, ServiceRecord } from '../core/deployment.ts'
import type { Header } from '../core/journal.ts'
import type { Schema } from '../core/schema.ts'
import { ServiceTypeChanged } from '../errors/registry.ts'
import type { DiscoveredService } from './build-services.ts'
import { withHeaderList } from './change-service.ts'
import { addressOf } from './deployment-uri.ts'

/** Where a deployment is: the URL and, if the operator has named routing headers, the values of those. */
export interface DeploymentAddress {
  readonly url: URL
  readonly headers: readonly Header[]
}

export interface RevisionRules {
  /** Overwrite a deployment at the same address; implies `breaking`. */
  readonly force: boolean
  /** Allow a service to change its type. */
  readonly breaking: boolean
  /** Names, in lower case, of headers whose values tell deployments behind one URL apart. */
  readonly routingHeaders: readonly string[]
}

/** What a registration does to the registry. */
export type Revision =
  | { readonly kind: 'unchanged'; readonly existing: DeploymentRecord }
  | { readonly kind: 'new'; readonly services: readonly ServiceRecord[] }
  | { readonly kind: 'overwritten'; readonly existing: DeploymentRecord; readonly services: readonly ServiceRecord[] }

/**
 * Decides what becomes of discovered services, and which revisions they get: one more than the newest anywhere, so
 * that a registration always makes its deployment the active one. Throws `ServiceTypeChanged`.
 */
export function revise(
  schema: Schema,
  address: DeploymentAddress,
  services: readonly DiscoveredService[],
  rules: RevisionRules,
): Revision {
  const existing = findAtAddress(schema, address, rules.routingHeaders)
  if (existing !== undefined && !rules.force) return { kind: 'unchanged', existing }
  if (!rules.force && !rules.breaking) checkServiceTypes(schema, services)
  const revised = services.map((service) => ({
    ...withHeaderListsOfBefore(schema, service),
    revision: nextRevision(schema, service.name),
  }))
  return existing === undefined
    ? { kind: 'new', services: revised }
    : { kind: 'overwritten', existing, services: revised }
}

/** The deployment at an address; the newest, if updates have moved several to it. */
export function findAtAddress(
  schema: Schema,
  address: DeploymentAddress,
  routingHeaders: readonly string[],
): DeploymentRecord | undefined {
  const key = addressOf(address.url)
  const isThere = ({ uri, additionalHeaders }: DeploymentRecord) =>
    addressOf(new URL(uri)) === key &&
    routingHeaders.every((name) => headerValueOf(additionalHeaders, name) === headerValueOf(address.headers, name))
  let newest: DeploymentRecord | undefined
  for (const deployment of schema.deployments()) {
    if ((newest === undefined || deployment.createdAt > newest.createdAt) && isThere(deployment)) newest = deployment
  }
  return newest
}

/**
 * The services of a deployment that is pointed at other code: those that it had keep their revisions, so that routing
 * of new invocations does not change. Throws `ServiceTypeChanged`.
 */
export function replaceServices(
  schema: Schema,
  deployment: DeploymentRecord,
  services: readonly DiscoveredService[],
): ServiceRecord[] {
  checkServiceTypes(schema, services)
  const revisions = new Map(deployment.services.map(({ name, revision }) => [name, revision]))
  return services.map((service) => ({
    ...withHeaderListsOfBefore(schema, service),
    revision: revisions.get(service.name) ?? nextRevision(schema, service.name),
  }))
}

/**
 * Which headers a service gets is the operator's to say, and not in its manifest: new code, and a new place where it runs, change
 * nothing in that.
 */
function withHeaderListsOfBefore(schema: Schema, service: DiscoveredService): DiscoveredService {
  const before = schema.service(service.name)?.service
  if (before === undefined) return service
  const listOf = (name: string) => before.handlers.find((handler) => handler.name === name)?.headerAllowList
  return {
    ...withHeaderList(service, before.headerAllowList),
    handlers: service.handlers.map((handler) => withHeaderList(handler, listOf(handler.name))),
  }
}

function checkServiceTypes(schema: Schema, services: readonly DiscoveredService[]): void {
  for (const { name, type } of services) {
    const known = schema.service(name)
    if (known === undefined || known.service.type === type) continue
    throw new ServiceTypeChanged(
      `the service '${name}' is registered as ${known.service.type} and would become ${type}. State and running ` +
        'invocations of the old type would be out of reach: give the service another name, or allow it by breaking: ' +
        'true (in the CLI, --breaking).',
    )
  }
}

function nextRevision(schema: Schema, serviceName: string): number {
  return (schema.service(serviceName)?.service.revision ?? 0) + 1
}

function headerValueOf(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([headerName]) => headerName === name)?.[1]
}
