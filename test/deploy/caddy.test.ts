import t from 'tap'
import { ask, good, startProxiedIngress, testProxy } from '../e2e/proxied-ingress.ts'
import { startCaddy } from './caddy.ts'

const proxied = await startProxiedIngress(t)
const { server } = proxied
const caddy = await startCaddy(proxied.places())
t.teardown(() => caddy.stop())
testProxy(t, caddy, proxied)

t.test('Caddy writes neither credentials nor query strings, of errors neither', async (t) => {
  const secret = ['x-api-key', 'header-secret']
  await ask(caddy, '/Headers/look?token=query-secret', { headers: [...good, ...secret] })
  await server.stop()
  const broken = await ask(caddy, '/Headers/look?token=query-secret', { headers: [...good, ...secret] })
  t.equal(broken.status, 502)
  await caddy.stop()
  t.match(caddy.output(), /"uri":"\/Headers\/look".*"status":200/)
  t.match(caddy.output(), /"level":"error".*"uri":"\/Headers\/look"/)
  t.notMatch(caddy.output(), /good-token|query-secret|header-secret/)
})
