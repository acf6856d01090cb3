import t from 'tap'
import { registerListenerMetrics } from '../../src/listen/listener-metrics.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { eventually, exchange, startListener } from './fixture.ts'

t.test('what a listener counts is in the metrics', async (t) => {
  const { listener, port } = await startListener({ maxHeaderCount: 3 })
  t.teardown(() => listener.close(0))
  const metrics = new Metrics()
  registerListenerMetrics(metrics, [listener])
  const ask = (more: string) => exchange(port, `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`)
  await ask('a: b\r\n')
  await ask('a: b\r\nc: d\r\n')
  // A client may see the end of its connection before the listener does.
  await eventually(() => listener.stats.connections === 0)
  const text = metrics.render()
  t.match(text, 'perdure_listener_connections_accepted_total{listener="ingress"} 2\n')
  t.match(text, 'perdure_listener_connections{listener="ingress"} 0\n')
  t.match(text, 'perdure_listener_requests_total{listener="ingress"} 2\n')
  t.match(text, 'perdure_listener_requests_refused_total{listener="ingress",status="431"} 1\n')
  t.match(text, 'perdure_listener_requests_refused_total{listener="ingress",status="400"} 0\n')
})
