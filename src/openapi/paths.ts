import type { HandlerRecord, ServiceRecord } from '../core/deployment.ts'
import type { OperationNames } from './operation-names.ts'
import { requestBody, responseContent } from './payloads.ts'

export type Paths = Record<string, Readonly<Record<string, unknown>>>

/** What the paths of services are added to. */
export interface Target {
  readonly paths: Paths
  readonly schemas: Record<string, unknown>
  readonly names: OperationNames
  readonly withMetadata: boolean
}

const parameter = (name: string) => ({ $ref: `#/components/parameters/${name}` })
const response = (name: string) => ({ $ref: `#/components/responses/${name}` })

/** Adds call, send, attach and output of all public handlers; a private service has none. */
export function addPaths(target: Target, service: ServiceRecord): void {
  if (!service.public) return
  for (const handler of service.handlers) {
    if (handler.public) addHandler(target, service, handler)
  }
}

function addHandler(target: Target, service: ServiceRecord, handler: HandlerRecord): void {
  const { paths, names, withMetadata } = target
  const isKeyed = service.type !== 'Service'
  const what = `${service.name}/${handler.name}`
  const where = isKeyed ? `${service.name}/{key}/${handler.name}` : what
  const ofKey = isKeyed ? [parameter('key')] : []
  // Handlers of workflows may be named alike and are told apart by the workflow alone.
  const takesIdempotencyKey = service.type !== 'Workflow'
  const ofCall = [...ofKey, ...(takesIdempotencyKey ? [parameter('idempotencyKeyHeader')] : [])]
  const body = requestBody(target.schemas, names.of(service.name, handler.name, 'Request'), handler)
  const success = {
    description: handler.outputDescription,
    ...responseContent(target.schemas, names.of(service.name, handler.name, 'Response'), handler),
  }
  const metadata =
    withMetadata && handler.metadata !== undefined ? { 'x-restate-extensions': { ...handler.metadata } } : {}
  const operation = (suffix: string, description: string, more: Readonly<Record<string, unknown>>) => ({
    operationId: names.of(service.name, handler.name, suffix),
    summary: handler.name,
    description,
    ...metadata,
    ...more,
  })

  paths[`/restate/call/${where}`] = {
    post: operation('', handler.documentation ?? `Call ${what} and wait for its result`, {
      parameters: ofCall,
      ...body,
      responses: { 200: success, default: response('GenericError') },
    }),
  }
  paths[`/restate/send/${where}`] = {
    post: operation('Send', handler.documentation ?? `Have ${what} run, without waiting`, {
      tags: ['Send'],
      parameters: [...ofCall, parameter('delay')],
      ...body,
      responses: { 200: response('Send'), 202: response('Send'), default: response('GenericError') },
    }),
  }

  const results = resultsPath(service, handler, ofKey)
  if (results === undefined) return
  const found = { 200: success, 404: response('InvocationNotFoundError') }
  const older = (verb: string) =>
    `Prefer POST /restate/lookup for the id of the invocation, and GET /restate/${verb}/{invocationId} with it.`
  paths[`${results.path}/attach`] = {
    get: operation('Attach', older('attach'), {
      tags: ['Attach'],
      deprecated: true,
      parameters: results.parameters,
      responses: { ...found, default: response('GenericError') },
    }),
  }
  paths[`${results.path}/output`] = {
    get: operation('Output', older('output'), {
      tags: ['Get Output'],
      deprecated: true,
      parameters: results.parameters,
      responses: { ...found, 470: response('InvocationNotReadyError'), default: response('GenericError') },
    }),
  }
}

/** Where results are; those of a workflow are its run's, and its other handlers have none. */
function resultsPath(service: ServiceRecord, handler: HandlerRecord, ofKey: readonly unknown[]) {
  if (service.type === 'Workflow') {
    if (handler.type !== 'Workflow') return undefined
    return { path: `/restate/workflow/${service.name}/{key}`, parameters: ofKey }
  }
  const key = service.type === 'VirtualObject' ? '/{key}' : ''
  return {
    path: `/restate/invocation/${service.name}${key}/${handler.name}/{idempotencyKey}`,
    parameters: [...ofKey, parameter('idempotencyKeyPath')],
  }
}
