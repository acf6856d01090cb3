import { AdminApiVersion } from '../errors/admin.ts'
import type { AdminRoute } from './operation.ts'

/** The admin API that this server is compatible with; clients choose their requests by it. */
const COMPATIBLE_VERSION = '1.7.12'
const MIN_API_VERSION = 2
const MAX_API_VERSION = 4

/** All that 1.7.12 announces. The CLI needs the object; the console asks older questions where they are false. */
const FEATURES = {
  vqueues: false,
  protocol_v7: false,
  scoped_virtual_objects: false,
  kafka_scope: false,
  unique_random_seeds: false,
  vqueues_async_refill: false,
  vqueue_obsolete_cleanup: false,
  vqueues_migration_skip_completed: false,
  scoped_state_table_migration: false,
  scoped_promise_table_migration: false,
  preflight_invocation_termination_retention: false,
  invoker_yield: false,
}

/** Name and version of this server. */
export interface ServerInfo {
  readonly name: string
  readonly version: string
}

/** `ingressEndpoint` is asked at each request: the port may be known only when ingress listens. */
export function handshakeRoutes(server: ServerInfo, ingressEndpoint: () => string | undefined): AdminRoute[] {
  return [
    { path: '/health', methods: { GET: { handle: () => ({ status: 200 }) } } },
    {
      path: '/version',
      methods: {
        GET: {
          handle() {
            const endpoint = ingressEndpoint()
            return {
              status: 200,
              json: {
                version: COMPATIBLE_VERSION,
                min_admin_api_version: MIN_API_VERSION,
                max_admin_api_version: MAX_API_VERSION,
                ...(endpoint === undefined ? {} : { ingress_endpoint: endpoint }),
                features: FEATURES,
                server: { name: server.name, version: server.version },
              },
            }
          },
        },
      },
    },
  ]
}

export const unsupportedApiVersion = new AdminApiVersion(
  `Unsupported Admin API version V1. This server supports versions between V${MIN_API_VERSION} and V${MAX_API_VERSION}.`,
)
