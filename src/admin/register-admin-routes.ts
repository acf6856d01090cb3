import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import type { PartitionClient } from '../partition/partition-client.ts'
import { defaultInvocationVersion, maxInvocationVersion } from '../protocol/content-type.ts'
import type { QueryEngine } from '../query/query-engine.ts'
import type { Registry } from '../registry/registry.ts'
import type { AdminLog } from './audit.ts'
import type { AdminAuth } from './auth/admin-auth.ts'
import { requireRole } from './auth/require-role.ts'
import { clusterHealthRoutes } from './cluster-health.ts'
import { compressAnswers } from './compression.ts'
import { deploymentRoutes } from './deployments.ts'
import { handshakeRoutes, type ServerInfo, unsupportedApiVersion } from './handshake.ts'
import { invocationRoutes } from './invocations.ts'
import { JSON_BODY_LIMIT_BYTES } from './json-body.ts'
import { kafkaClusterRoutes } from './kafka-clusters.ts'
import { KnownPaths } from './known-paths.ts'
import { limiterRuleRoutes } from './limiter-rules.ts'
import { acceptAnyBody, answerAlways, mountRoute, refuseEmptyParameters } from './mount.ts'
import { openApiRoutes } from './openapi-route.ts'
import type { AdminRoute } from './operation.ts'
import { batchRoutes } from './operations/batch.ts'
import { Operator } from './operations/operator.ts'
import { deleteOperation, operationRoutes } from './operations/routes.ts'
import { mountQueryRoute } from './query-route.ts'
import { type ConvertPayload, serdeRoutes } from './serdes.ts'
import type { ServiceDefaults } from './service-model.ts'
import { serviceRoutes } from './services.ts'
import { stateRoutes } from './state-mutation.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { vqueueRoutes } from './vqueues.ts'

export interface AdminDependencies {
  /** Who may do what; it holds for all routes of the app, whoever registers them. */
  readonly auth: AdminAuth
  readonly client: Pick<PartitionClient, 'schema' | 'invocation' | 'durable' | 'operate' | 'mutateState'>
  /** SQL introspection; without it there is no `/query`. */
  readonly query?: Pick<QueryEngine, 'run'>
  /** Has services convert payloads for whoever looks at them. */
  readonly convertPayload: ConvertPayload
  readonly registry: Pick<Registry, 'register' | 'updateDeployment' | 'remove' | 'patchService'>
  readonly config: ServiceDefaults & {
    readonly clusterName: string
    readonly admin: Pick<Config['admin'], 'requestSizeLimitBytes'>
    readonly worker: { readonly invoker: Pick<Config['worker']['invoker'], 'enableProtocolV7'> }
  }
  /** Name and version of this server, for `/version`. */
  readonly server: ServerInfo
  /** The advertised address of ingress; `undefined` while it is not known. */
  readonly ingressEndpoint: () => string | undefined
  /** ms since epoch */
  readonly now: () => number
  /** Fresh random bytes, at least this many; ids of restarted invocations are made of them. */
  readonly random: (byteLength: number) => Uint8Array
  readonly log: AdminLog
}

/**
 * The admin API on a Fastify instance of its own, not yet listening, that routes by `adminTarget`: what the official CLI needs to register and
 * show deployments and services, to change invocations and state, and invocations for operators. Other paths answer 404 without a body.
 */
export function registerAdminRoutes(app: FastifyInstance, dependencies: AdminDependencies): void {
  const { config, log, query, auth } = dependencies
  app.addHook('onRequest', requireRole(auth, log))
  const known = new KnownPaths()
  known.answerFor(app)
  app.setNotFoundHandler((_request, reply) => reply.code(404).send())
  app.register(async (scope) => {
    acceptAnyBody(scope)
    refuseEmptyParameters(scope)
    compressAnswers(scope)
    const bodyLimitBytes = Math.min(JSON_BODY_LIMIT_BYTES, config.admin.requestSizeLimitBytes)
    for (const route of routesOf(dependencies)) mountRoute(scope, route, { known, bodyLimitBytes, log })
    if (query !== undefined) mountQueryRoute(scope, query, { known, bodyLimitBytes, log })
    for (const url of ['/v1', '/v1/*']) {
      answerAlways(scope, url, (_request, reply) => {
        const { status, message } = unsupportedApiVersion
        return reply.code(status).header('content-type', 'text/plain; charset=utf-8').send(message)
      })
    }
  })
}

function routesOf(dependencies: AdminDependencies): AdminRoute[] {
  const { client, registry, convertPayload, config, server, ingressEndpoint, now, random, log } = dependencies
  const newestVersion = config.worker.invoker.enableProtocolV7 ? maxInvocationVersion : defaultInvocationVersion
  const operator = new Operator({ client, now, random, newestVersion })
  return [
    ...handshakeRoutes(server, ingressEndpoint),
    ...deploymentRoutes(client.schema, registry, config),
    ...serviceRoutes(client.schema, registry, config, ingressEndpoint),
    ...stateRoutes(client, now),
    ...invocationRoutes(client, now, deleteOperation(operator)),
    ...operationRoutes(operator),
    ...batchRoutes(operator, log),
    ...clusterHealthRoutes(config.clusterName),
    ...openApiRoutes(server.version),
    ...kafkaClusterRoutes(),
    ...subscriptionRoutes(client.schema),
    ...limiterRuleRoutes(),
    ...vqueueRoutes(),
    ...serdeRoutes(client.schema, convertPayload),
  ]
}
