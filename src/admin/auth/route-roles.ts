import type { AdminRole } from '../../config/config.ts'

/** What a route asks for. `anyone`: nothing, not even to be known. */
export type Access = AdminRole | 'anyone'

const OPERATIONS = ['cancel', 'kill', 'purge', 'purge-journal', 'pause', 'resume', 'restart-as-new']

/**
 * Who may use which route, by method and path without version prefix; `*` is every method. What is not here is for admins: a new
 * route is open to nobody else before it is written down.
 */
const ACCESS: Readonly<Record<string, Access>> = {
  // Probes have no token, and learn nothing.
  'GET /health': 'anyone',

  'GET /version': 'read-only',
  'GET /cluster-health': 'read-only',
  'GET /openapi': 'read-only',
  'GET /deployments': 'read-only',
  'GET /deployments/:deployment': 'read-only',
  'GET /services': 'read-only',
  'GET /services/:service': 'read-only',
  'GET /services/:service/openapi': 'read-only',
  'GET /services/:service/handlers': 'read-only',
  'GET /services/:service/handlers/:handler': 'read-only',
  'GET /invocations/:invocation': 'read-only',
  'GET /invocations/:invocation/journal': 'read-only',
  'GET /subscriptions': 'read-only',
  'GET /subscriptions/:subscription': 'read-only',
  'GET /kafka-clusters': 'read-only',
  'GET /kafka-clusters/:cluster': 'read-only',
  'POST /query': 'read-only',
  '* /v1': 'read-only',
  '* /v1/*': 'read-only',

  ...Object.fromEntries(
    OPERATIONS.flatMap((name): [string, Access][] => [
      [`PATCH /invocations/:invocation/${name}`, 'operator'],
      [`POST /internal/invocations_batch_operations/${name}`, 'operator'],
    ]),
  ),
  'DELETE /invocations/:invocation': 'operator',
  // It runs code of the service on bytes of the caller.
  'POST /internal/services/:service/serdes/decode/*': 'operator',
  'POST /internal/services/:service/serdes/encode/*': 'operator',
  'POST /services/:service/state': 'operator',
  // Calls, whatever their method.
  '* /ingress': 'operator',
}

/**
 * What a request needs. `route` is the pattern that it matched, `undefined` for none: who is known is then told so, whatever his
 * role.
 */
export function accessOf(method: string, route: string | undefined): Access {
  if (route === undefined) return 'read-only'
  const verb = method === 'HEAD' ? 'GET' : method
  return ACCESS[`${verb} ${route}`] ?? ACCESS[`* ${route}`] ?? 'admin'
}
