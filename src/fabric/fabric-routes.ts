import type { FastifyInstance } from 'fastify'
import { type Metrics, metricsContentType } from '../telemetry/metrics.ts'

/** Who this node is, as `/health` tells. */
export interface NodeIdentity {
  readonly clusterName: string
  readonly nodeName: string
  readonly version: string
}

export interface FabricOptions {
  readonly identity: NodeIdentity
  readonly metrics: Metrics
  /** `/metrics` does not exist then. */
  readonly disablePrometheus: boolean
}

/** The routes of the fabric port: who the node is, and its metrics. It changes no state and shows no data of callers. */
export function registerFabricRoutes(app: FastifyInstance, options: FabricOptions): void {
  const { identity, metrics } = options
  app.get('/health', () => ({
    status: 'alive',
    cluster_name: identity.clusterName,
    node_name: identity.nodeName,
    version: identity.version,
    uptime_seconds: Math.floor(process.uptime()),
  }))
  if (!options.disablePrometheus) {
    app.get('/metrics', (_request, reply) => reply.type(metricsContentType).send(metrics.render()))
  }
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 404, message: 'not found' }))
}
