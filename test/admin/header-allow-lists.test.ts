import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA, handler, service } from './samples.ts'

function shopAdmin() {
  const admin = testAdmin()
  const handlers = [handler('pay', { headerAllowList: ['stripe-signature'] }), handler('look', { headerAllowList: [] })]
  admin.client.schema.put(deployment(dpA, { services: [service('Shop', { handlers, headerAllowList: ['x-shop-*'] })] }))
  return admin
}

t.test('lists are shown where there are any', async (t) => {
  await using admin = shopAdmin()
  const shown = (await admin.app.inject({ url: '/services/Shop' })).json()
  t.strictSame(shown.header_allow_list, ['x-shop-*'])
  t.strictSame(shown.handlers[0].header_allow_list, ['stripe-signature'])
  t.notOk('header_allow_list' in shown.handlers[1])
})

t.test('PATCH changes them; what may carry credentials stands in the audit log', async (t) => {
  await using admin = shopAdmin()
  const patch = (payload: object) => admin.app.inject({ method: 'PATCH', url: '/services/Shop', payload })
  const changed = await patch({
    header_allow_list: ['X-Shop', 'x-other-*'],
    handlers: { pay: { header_allow_list: ['Authorization'] }, look: { header_allow_list: null } },
  })
  t.equal(changed.statusCode, 200)
  t.strictSame(admin.registry.requests, [
    {
      name: 'Shop',
      headerAllowList: ['x-shop', 'x-other-*'],
      handlerHeaderAllowLists: { pay: ['authorization'] },
    },
  ])
  t.match(admin.log.info.at(-1), { action: 'service.patch', sensitiveHeadersAllowed: ['authorization'] })
  t.equal((await patch({ header_allow_list: [] })).statusCode, 200)
  t.strictSame(admin.registry.requests.at(-1), { name: 'Shop', headerAllowList: [] })
  t.notOk('sensitiveHeadersAllowed' in (admin.log.info.at(-1) ?? {}))
  t.equal((await patch({ handlers: {} })).statusCode, 200)
  t.equal(admin.registry.requests.length, 2)
})

t.test('what could never have an effect is refused', async (t) => {
  await using admin = shopAdmin()
  const patch = (payload: object) => admin.app.inject({ method: 'PATCH', url: '/services/Shop', payload })
  for (const list of [['x-restate-id'], ['x-restate-*'], ['host'], ['a b'], ['*-x'], [''], Array(101).fill('x')]) {
    const ofService = await patch({ header_allow_list: list })
    t.equal(ofService.statusCode, 400, JSON.stringify(list))
    t.match(ofService.json().message, /header_allow_list/)
    t.equal((await patch({ handlers: { pay: { header_allow_list: list } } })).statusCode, 400)
  }
  t.match((await patch({ handlers: { nope: { header_allow_list: ['x'] } } })).json().message, /no handler 'nope'/)
  for (const payload of [
    { header_allow_list: 'x' },
    { header_allow_list: [1] },
    { handlers: ['pay'] },
    { handlers: { pay: ['x'] } },
    { handlers: { pay: { header_allow_list: 'x' } } },
  ]) {
    t.equal((await patch(payload)).statusCode, 422, JSON.stringify(payload))
  }
  t.strictSame(admin.registry.requests, [])
})

t.test('the OpenAPI document of a service', async (t) => {
  await using admin = shopAdmin()
  const answer = await admin.app.inject({ url: '/v3/services/Shop/openapi' })
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json')
  t.match(answer.json(), {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    servers: [{ url: 'http://127.0.0.1:8080/' }],
    paths: { '/restate/call/Shop/pay': { post: { operationId: 'pay' } } },
  })
  t.equal((await admin.app.inject({ url: '/services/Nope/openapi' })).statusCode, 404)
})
