import type { ServiceRecord } from '../core/deployment.ts'
import { sharedComponents } from './components.ts'
import { OperationNames } from './operation-names.ts'
import { addPaths, type Paths } from './paths.ts'

/** OpenAPI 3.1.0, as JSON. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly servers: readonly { readonly url: string; readonly description: string }[]
  readonly paths: Paths
  readonly components: ReturnType<typeof sharedComponents>
  readonly tags: readonly unknown[]
}

/**
 * How one service is called: its public handlers, as the admin API 1.7.12 describes them. `ingressUrl` is where ingress is; it
 * is left out while that is not known.
 */
export function serviceOpenApi(service: ServiceRecord, ingressUrl: string | undefined): OpenApiDocument {
  const names = new OperationNames('handler')
  const description = service.documentation
  const info = { title: service.name, version: String(service.revision) }
  return document(
    { ...info, ...(description === undefined ? {} : { description }) },
    [service],
    names,
    ingressUrl,
    true,
  )
}

/**
 * How all services are called, for everybody who may read it: public handlers only, and no metadata. Operations and schemas are
 * named after service and handler, so that each name stands once. `version` changes with the revisions of the services.
 */
export function mergedOpenApi(services: readonly ServiceRecord[], ingressUrl: string): OpenApiDocument {
  const sorted = services.filter(isCallable).sort((a, b) => (a.name < b.name ? -1 : 1))
  const version = String(sorted.reduce((sum, { revision }) => sum + revision, 0))
  return document({ title: 'Services', version }, sorted, new OperationNames('service-and-handler'), ingressUrl, false)
}

function document(
  info: OpenApiDocument['info'],
  services: readonly ServiceRecord[],
  names: OperationNames,
  ingressUrl: string | undefined,
  withMetadata: boolean,
): OpenApiDocument {
  const components = sharedComponents()
  const paths: Paths = {}
  for (const service of services) addPaths({ paths, schemas: components.schemas, names, withMetadata }, service)
  return {
    openapi: '3.1.0',
    info,
    servers: ingressUrl === undefined ? [] : [{ url: ingressUrl, description: 'Ingress' }],
    paths,
    components,
    tags: [
      { name: 'Request Response', description: 'Call a handler and wait for its result' },
      { name: 'Send', description: 'Have a handler run, without waiting' },
      { name: 'Attach', description: 'Wait for the result of an invocation' },
      { name: 'Get Output', description: 'Get the result of an invocation, if there is one yet' },
    ],
  }
}

function isCallable(service: ServiceRecord): boolean {
  return service.public && service.handlers.some((handler) => handler.public)
}
