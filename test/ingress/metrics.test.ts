import t from 'tap'
import { registerIngressMetrics } from '../../src/ingress/metrics.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'

t.test('what ingress counts is what the metrics of the process show', async (t) => {
  const metrics = new Metrics()
  const counted = registerIngressMetrics(metrics)
  counted.admitted = 3
  counted.abandoned = 1
  counted.outcomes.request_error = 2
  counted.headersDropped.sensitive = 5
  counted.duration?.observe(0.02)
  const lines = metrics.render().split('\n')
  for (const line of [
    'perdure_ingress_requests_total{status="admitted"} 3',
    'perdure_ingress_requests_total{status="abandoned"} 1',
    'perdure_ingress_requests_total{status="request_error"} 2',
    'perdure_ingress_requests_total{status="completed"} 0',
    'perdure_ingress_headers_dropped_total{class="sensitive"} 5',
    'perdure_ingress_request_duration_seconds_bucket{le="0.025"} 1',
    'perdure_ingress_request_duration_seconds_count 1',
  ]) {
    t.ok(lines.includes(line), line)
  }
})
