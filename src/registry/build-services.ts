import type { ServiceRecord, ServiceType } from '../core/deployment.ts'
import { ServiceNameReserved } from '../errors/registry.ts'
import { present } from '../protocol/manifest/options.ts'
import type { EndpointManifest, ManifestService } from '../protocol/manifest.ts'
import { buildHandler } from './build-handler.ts'
import { type BuildContext, optionsOf, type RegistrationLimits } from './build-options.ts'
import type { InfoMessage } from './info-message.ts'

/** A service before it has got a revision. */
export type DiscoveredService = Omit<ServiceRecord, 'revision'>

export interface BuiltServices {
  readonly services: readonly DiscoveredService[]
  /** What the operator should know, though it does not stand in the way. */
  readonly info: readonly InfoMessage[]
}

const serviceTypes: Readonly<Record<ManifestService['type'], ServiceType>> = {
  SERVICE: 'Service',
  VIRTUAL_OBJECT: 'VirtualObject',
  WORKFLOW: 'Workflow',
}

/**
 * The services of a manifest as they are registered. Of services or handlers with one name the last counts. Throws
 * `ServiceNameReserved` or `ServiceInvalid`.
 */
export function buildServices(manifest: EndpointManifest, limits: RegistrationLimits): BuiltServices {
  const info: InfoMessage[] = []
  const context = { protocolMode: manifest.protocolMode, limits, info }
  const services = new Map(manifest.services.map((service) => [service.name, service]))
  return { services: [...services.values()].map((service) => buildService(service, context)), info }
}

function buildService(service: ManifestService, context: Omit<BuildContext, 'subject'>): DiscoveredService {
  checkName(service.name)
  const handlers = new Map(service.handlers.map((handler) => [handler.name, handler]))
  return {
    name: service.name,
    type: serviceTypes[service.type],
    public: service.ingressPrivate !== true,
    handlers: [...handlers.values()].map((handler) =>
      buildHandler(service, handler, { ...context, subject: `handler '${handler.name}' of service '${service.name}'` }),
    ),
    ...optionsOf(service, { ...context, subject: `service '${service.name}'` }),
    ...present({ documentation: service.documentation, metadata: service.metadata }),
  }
}

function checkName(name: string): void {
  const lower = name.toLowerCase()
  if (!lower.startsWith('restate') && lower !== 'openapi') return
  throw new ServiceNameReserved(
    `the service name '${name}' is reserved: names that begin with 'restate', and 'openapi', are routes of the server. ` +
      'Give the service another name.',
  )
}
