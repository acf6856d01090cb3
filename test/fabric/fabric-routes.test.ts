import t from 'tap'
import { registerFabricRoutes } from '../../src/fabric/fabric-routes.ts'
import { hostGuard } from '../../src/listen/host-guard.ts'
import { createListener } from '../../src/listen/listener.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { captureLog, testConfig } from '../listen/fixture.ts'

const identity = { clusterName: 'localcluster', nodeName: 'n1', version: '1.2.3' }

async function startFabric(disablePrometheus: boolean) {
  const metrics = new Metrics({ node_name: 'n1' })
  metrics.counter('calls_total', 'Calls.').with({}).inc(3)
  const listener = createListener('fabric', testConfig(), captureLog().log)
  listener.app.addHook('onRequest', hostGuard([]))
  registerFabricRoutes(listener.app, { identity, metrics, disablePrometheus })
  const [address] = await listener.start()
  return { listener, url: address?.url ?? '' }
}

t.test('/health tells who the node is', async (t) => {
  const { listener, url } = await startFabric(false)
  t.teardown(() => listener.close(0))
  const response = await fetch(`${url}/health`)
  t.equal(response.status, 200)
  t.match(await response.json(), { status: 'alive', cluster_name: 'localcluster', node_name: 'n1', version: '1.2.3' })
})

t.test('/metrics is Prometheus text', async (t) => {
  const { listener, url } = await startFabric(false)
  t.teardown(() => listener.close(0))
  const response = await fetch(`${url}/metrics`)
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.match(await response.text(), 'perdure_calls_total{node_name="n1"} 3\n')
})

t.test('/metrics is not there when it is disabled', async (t) => {
  const { listener, url } = await startFabric(true)
  t.teardown(() => listener.close(0))
  t.equal((await fetch(`${url}/metrics`)).status, 404)
  t.equal((await fetch(`${url}/health`)).status, 200)
})

t.test('attack 20: there is nothing else, and nothing that changes anything', async (t) => {
  const { listener, url } = await startFabric(false)
  t.teardown(() => listener.close(0))
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/debug/pprof/heap'],
    ['PUT', '/debug/heap/purge'],
    ['POST', '/health'],
    ['PUT', '/metrics'],
    ['GET', '/health/x'],
    ['GET', '/%ff'],
  ] as const) {
    const response = await fetch(url + path, { method })
    t.ok(response.status === 404 || path === '/%ff', `${method} ${path}: ${response.status}`)
    t.match(await response.json(), { code: response.status })
  }
})
