import { AdminNotSupported } from '../errors/admin.ts'
import type { AdminMethod, AdminRoute, Operation } from './operation.ts'

/** Routes of the admin API 1.7.12 that this version does not have: clients get a clear text instead of 404. */
const ROUTES: readonly (readonly [path: string, what: string, ...methods: AdminMethod[]])[] = [
  ['/cluster-health', 'cluster health', 'GET'],
  ['/openapi', 'the OpenAPI document', 'GET'],
  ['/subscriptions', 'Kafka subscriptions', 'GET', 'POST'],
  ['/subscriptions/:subscription', 'Kafka subscriptions', 'GET', 'DELETE'],
  ['/kafka-clusters', 'Kafka clusters', 'GET', 'POST'],
  ['/kafka-clusters/:cluster', 'Kafka clusters', 'GET', 'PATCH', 'DELETE'],
  ['/limits/rules', 'limiter rules', 'PUT'],
  ['/limits/rules/bulk-delete', 'limiter rules', 'POST'],
  ['/vqueues/:vqueue/pause', 'vqueues', 'POST'],
  ['/vqueues/:vqueue/resume', 'vqueues', 'POST'],
]

function notYet(what: string): Operation {
  return {
    handle() {
      throw new AdminNotSupported(`${what} is not supported by this version of perdure yet`)
    },
  }
}

export function notYetRoutes(): AdminRoute[] {
  return ROUTES.map(([path, what, ...methods]) => ({
    path,
    methods: Object.fromEntries(methods.map((method) => [method, notYet(what)])),
  }))
}
