import { parseDurationMs } from '../config/duration.ts'
import type { Schema } from '../core/schema.ts'
import { AdminField, AdminNotFound } from '../errors/admin.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { serviceOpenApi } from '../openapi/document.ts'
import type { Registry } from '../registry/registry.ts'
import type { ServiceChanges } from '../registry/requests.ts'
import { readHeaderAllowLists, sensitiveHeadersIn } from './header-allow-lists.ts'
import { BodyFields } from './json-body.ts'
import type { AdminRoute } from './operation.ts'
import { handlerModel, type ServiceDefaults, serviceModel } from './service-model.ts'

/** Services and handlers: the latest revision of each, in the order of their names. */
export function serviceRoutes(
  schema: Schema,
  registry: Pick<Registry, 'patchService'>,
  defaults: ServiceDefaults,
  ingressEndpoint: () => string | undefined,
): AdminRoute[] {
  const latest = (name: string) => {
    const service = schema.service(name)
    if (service === undefined) throw new AdminNotFound(`The requested service '${name}' does not exist`)
    return service
  }

  return [
    {
      path: '/services',
      methods: {
        GET: {
          handle() {
            const services = [...schema.services()].sort((a, b) => (a.service.name < b.service.name ? -1 : 1))
            return {
              status: 200,
              json: { services: services.map((s) => serviceModel(s.deployment, s.service, defaults)) },
            }
          },
        },
      },
    },
    {
      path: '/services/:service',
      methods: {
        GET: {
          handle({ params: { service: name = '' } }) {
            const { deployment, service } = latest(name)
            return { status: 200, json: serviceModel(deployment, service, defaults) }
          },
        },
        PATCH: {
          jsonBody: true,
          audit: 'service.patch',
          async handle({ params: { service: name = '' }, body, note }) {
            const patch = readServicePatch(body)
            note({ service: name, patch })
            const current = schema.service(name)
            if (current === undefined) {
              throw new AdminNotFound(`not found in the schema registry: service with name '${name}'`)
            }
            const { type } = current.service
            for (const handler of Object.keys(patch.handlerHeaderAllowLists ?? {})) {
              if (current.service.handlers.some((known) => known.name === handler)) continue
              throw new AdminField(`handlers: the service '${name}' has no handler '${handler}'`)
            }
            if (patch.workflowCompletionRetentionMs !== undefined && type !== 'Workflow') {
              throw new AdminField(`modifying retention time for service type ${type} is unsupported`)
            }
            const { deployment, service } =
              Object.keys(patch).length === 0 ? current : await registry.patchService(name, patch)
            return {
              status: 200,
              json: serviceModel(deployment, service, defaults),
              audit: { deploymentId: deployment.id, ...sensitiveHeadersIn(patch) },
            }
          },
        },
      },
    },
    {
      path: '/services/:service/openapi',
      methods: {
        GET: {
          handle({ params: { service: name = '' } }) {
            return { status: 200, json: serviceOpenApi(latest(name).service, ingressEndpoint()) }
          },
        },
      },
    },
    {
      path: '/services/:service/handlers',
      methods: {
        GET: {
          handle({ params: { service: name = '' } }) {
            return { status: 200, json: { handlers: latest(name).service.handlers.map(handlerModel) } }
          },
        },
      },
    },
    {
      path: '/services/:service/handlers/:handler',
      methods: {
        GET: {
          handle({ params: { service: name = '', handler: handlerName = '' } }) {
            const handler = latest(name).service.handlers.find((h) => h.name === handlerName)
            if (handler === undefined) {
              throw new AdminNotFound(`The requested handler '${handlerName}' on service '${name}' does not exist`)
            }
            return { status: 200, json: handlerModel(handler) }
          },
        },
      },
    },
  ]
}

/** Reads `PATCH /services/{name}`. Null leaves a value as it is; durations are `1h 30m` or ISO 8601. */
function readServicePatch(body: unknown): ServiceChanges {
  const fields = new BodyFields(body)
  const isPublic = fields.boolean('public')
  return {
    ...(isPublic === undefined ? {} : { public: isPublic }),
    ...duration(fields, 'idempotency_retention', 'idempotencyRetentionMs'),
    ...duration(fields, 'workflow_completion_retention', 'workflowCompletionRetentionMs'),
    ...duration(fields, 'journal_retention', 'journalRetentionMs'),
    ...duration(fields, 'inactivity_timeout', 'inactivityTimeoutMs'),
    ...duration(fields, 'abort_timeout', 'abortTimeoutMs'),
    ...readHeaderAllowLists(fields),
  }
}

function duration(
  fields: BodyFields,
  name: string,
  key: keyof Omit<ServiceChanges, 'public' | 'headerAllowList' | 'handlerHeaderAllowLists'>,
): Pick<ServiceChanges, typeof key> {
  const text = fields.string(name)
  if (text === undefined) return {}
  try {
    return { [key]: parseDurationMs(text) }
  } catch (error) {
    if (error instanceof PerdureError) throw fields.invalid(name, error.message)
    throw error
  }
}
