import t from 'tap'
import { ask, serverConfig, startIngress } from './fixture.ts'
import { deployment, handler, service } from './services.ts'

t.test('ingress tells how its public services are called', async (t) => {
  await using ingress = await startIngress()
  const reply = await ask(ingress, '/openapi/', { method: 'GET' })
  t.equal(reply.status, 200)
  t.equal(reply.headers['content-type'], 'application/json')
  t.match(reply.json, { openapi: '3.1.0', servers: [{ url: '/' }], paths: { '/restate/call/Svc/echo': { post: {} } } })
  t.equal((await ask(ingress, '/openapi?x=1', { method: 'GET' })).body, reply.body)
  t.equal((await ask(ingress, '/openapi')).status, 405)
  t.equal((await ask(ingress, '/openapi/Svc', { method: 'GET' })).status, 404)

  const added = service('Added', 'Service', [handler('new', 'Stateless')])
  ingress.partition.schema.put(deployment('dp_added', [added]))
  const after = await ask(ingress, '/openapi', { method: 'GET' })
  t.match(after.json, { paths: { '/restate/call/Added/new': { post: { operationId: 'Added_new' } } } })
  ingress.partition.schema.put(deployment('dp_added', [{ ...added, public: false }]))
  t.equal((await ask(ingress, '/openapi', { method: 'GET' })).body, reply.body)
})

t.test('an advertised address is where services are, unless it is a socket', async (t) => {
  for (const [advertisedAddress, url] of [
    ['https://api.example/', 'https://api.example/'],
    ['unix:/run/ingress.sock', '/'],
  ] as const) {
    await using ingress = await startIngress(serverConfig({ advertisedAddress }))
    t.match((await ask(ingress, '/openapi', { method: 'GET' })).json, { servers: [{ url }] })
  }
})
