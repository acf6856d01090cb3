import { kafkaClusters, limiterRules, subscriptions, vqueues } from './absent-requests.ts'
import { batches, invocations } from './invocation-requests.ts'
import { deployments, services, state } from './registry-requests.ts'
import type { RecordedRequest } from './request.ts'
import { bodies, query, server } from './server-requests.ts'

/** Requests to all routes of the admin API, in groups that each want subjects of their own, because some change them. */
export const recordedRequests: Readonly<Record<string, readonly RecordedRequest[]>> = {
  server,
  deployments,
  services,
  state,
  invocations,
  batches,
  'Kafka clusters': kafkaClusters,
  subscriptions,
  'limiter rules': limiterRules,
  vqueues,
  query,
  bodies,
}
