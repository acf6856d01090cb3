import type { Metrics } from '../telemetry/metrics.ts'
import type { Listener } from './listener.ts'
import { refusalStatuses } from './listener-stats.ts'

/** Shows the counts of all listeners; call it once, with all of them. */
export function registerListenerMetrics(metrics: Metrics, listeners: readonly Listener[]): void {
  const byListener = { listener: listeners.map(({ name }) => name) }
  const connections = metrics.gauge('listener_connections', 'Open connections.', byListener)
  const inProgress = metrics.gauge(
    'listener_requests_in_progress',
    'Requests in progress, where their number is limited.',
    byListener,
  )
  const accepted = metrics.counter('listener_connections_accepted_total', 'Connections accepted.', byListener)
  const refused = metrics.counter('listener_connections_refused_total', 'Connections over the limit.', byListener)
  const sniffed = metrics.counter('listener_sniff_timeouts_total', 'Connections that sent nothing.', byListener)
  const broken = metrics.counter('listener_http2_session_errors_total', 'HTTP/2 sessions ended by errors.', byListener)
  const handshakes = metrics.counter('listener_tls_failures_total', 'TLS handshakes that failed.', byListener)
  const requests = metrics.counter('listener_requests_total', 'Requests received.', byListener)
  const refusals = metrics.counter('listener_requests_refused_total', 'Requests refused before a route, by status.', {
    ...byListener,
    status: refusalStatuses.map(String),
  })
  metrics.onRender(() => {
    for (const { name, stats } of listeners) {
      const labels = { listener: name }
      connections.with(labels).set(stats.connections)
      inProgress.with(labels).set(stats.requestsInProgress)
      accepted.with(labels).value = stats.connectionsAccepted
      refused.with(labels).value = stats.connectionsRefused
      sniffed.with(labels).value = stats.sniffTimeouts
      handshakes.with(labels).value = stats.tlsFailures
      broken.with(labels).value = stats.sessionErrors
      requests.with(labels).value = stats.requests
      for (const status of refusalStatuses) {
        refusals.with({ ...labels, status: String(status) }).value = stats.refused[status]
      }
    }
  })
}
