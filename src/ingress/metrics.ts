import type { Metrics } from '../telemetry/metrics.ts'
import { type DropClass, dropClasses, noDrops } from './header-policy.ts'

/** How a request ended: with an answer, an error of the caller, of the invocation, or of this server. */
export type Outcome = 'completed' | 'request_error' | 'invocation_error' | 'ingress_error'

/** `missing`: no credentials; `refused`: not accepted; `unavailable`: they could not be verified. */
export type AuthResult = (typeof authResults)[number]

const authResults = ['accepted', 'missing', 'refused', 'unavailable'] as const

/** What ingress counts. The numbers only rise. */
export interface IngressMetrics {
  admitted: number
  /** Callers that went away before their answer. */
  abandoned: number
  readonly outcomes: Record<Outcome, number>
  /** Fields of request headers that were not journaled. */
  readonly headersDropped: Record<DropClass, number>
  /** What came of asking callers who they are. */
  readonly authentication: Record<AuthResult, number>
  /** Seconds from the head of a request to its answer; undefined: nobody asks. */
  readonly duration: { observe(seconds: number): void } | undefined
}

export function newIngressMetrics(duration?: { observe(seconds: number): void }): IngressMetrics {
  return {
    admitted: 0,
    abandoned: 0,
    outcomes: { completed: 0, request_error: 0, invocation_error: 0, ingress_error: 0 },
    headersDropped: noDrops(),
    authentication: { accepted: 0, missing: 0, refused: 0, unavailable: 0 },
    duration,
  }
}

const durationBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const outcomeNames = ['completed', 'request_error', 'invocation_error', 'ingress_error'] as const

/** Counters that the metrics of the process show. */
export function registerIngressMetrics(metrics: Metrics): IngressMetrics {
  const statuses = ['admitted', 'abandoned', ...outcomeNames]
  const requests = metrics.counter('ingress_requests_total', 'Requests of ingress by what became of them.', {
    status: statuses,
  })
  const dropped = metrics.counter('ingress_headers_dropped_total', 'Request headers that were not journaled.', {
    class: dropClasses,
  })
  const authentication = metrics.counter(
    'ingress_authentication_total',
    'Requests that were asked for credentials, by what came of it.',
    { result: authResults },
  )
  const duration = metrics.histogram(
    'ingress_request_duration_seconds',
    'Time from the head of a request to its answer.',
    durationBucketsSeconds,
  )
  const counted = newIngressMetrics(duration.with({}))
  metrics.onRender(() => {
    requests.with({ status: 'admitted' }).value = counted.admitted
    requests.with({ status: 'abandoned' }).value = counted.abandoned
    for (const status of outcomeNames) requests.with({ status }).value = counted.outcomes[status]
    for (const result of authResults) authentication.with({ result }).value = counted.authentication[result]
    for (const name of dropClasses) dropped.with({ class: name }).value = counted.headersDropped[name]
  })
  return counted
}
