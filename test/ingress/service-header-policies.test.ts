import t from 'tap'
import { Schema } from '../../src/core/schema.ts'
import { sensitiveServiceHeaders } from '../../src/ingress/service-header-policies.ts'
import { ask, jsonType, serverConfig, startIngress, type TestIngress } from './fixture.ts'
import { deployment, handler, service } from './services.ts'

const pay = handler('pay', 'Stateless', { headerAllowList: ['stripe-signature', 'x-pay-*'] })
const shop = service('Shop', 'Service', [pay, handler('look', 'Stateless')], {
  headerAllowList: ['x-shop', 'x-api-key'],
})
const other = service('Other', 'Service', [handler('look', 'Stateless')])

async function keptBy(ingress: TestIngress, path: string): Promise<readonly string[]> {
  const sent = {
    'stripe-signature': 's',
    'x-pay-a': 'p',
    'x-pay-token': 't',
    'x-shop': 'o',
    'x-api-key': 'k',
    'x-no': 'n',
  }
  t.equal((await ask(ingress, path, { headers: { ...jsonType, ...sent }, body: '1' })).status, 200)
  const [, ...kept] = ingress.partition.last.headers
  return kept.map(([name]) => name)
}

t.test('what a service and a handler allow, they get, and no other does', async (t) => {
  await using ingress = await startIngress(serverConfig({ headerAllowList: ['content-type'] }))
  const { schema } = ingress.partition
  schema.put(deployment('dp_shop', [shop, other]))
  t.strictSame(await keptBy(ingress, '/Shop/pay'), [
    'content-type',
    'stripe-signature',
    'x-pay-a',
    'x-shop',
    'x-api-key',
  ])
  t.strictSame(await keptBy(ingress, '/Shop/look'), ['content-type', 'x-shop', 'x-api-key'])
  t.strictSame(await keptBy(ingress, '/Other/look'), ['content-type'])
  t.equal(ingress.metrics.headersDropped.sensitive, 4, 'x-pay-token each time, x-api-key of others')

  const { headerAllowList: _, ...without } = shop
  schema.put(deployment('dp_shop', [{ ...without, revision: 2 }]))
  t.strictSame(await keptBy(ingress, '/Shop/look'), ['content-type'], 'a change holds at once')
})

t.test('an entry that can have no effect, which an earlier version may have stored, has none', async (t) => {
  await using ingress = await startIngress(serverConfig({ headerAllowList: ['content-type'] }))
  const stored = { ...shop, headerAllowList: ['x-api-*', 'x-api-key-*', 'host', 'x-shop'] }
  ingress.partition.schema.put(deployment('dp_shop', [stored]))
  t.strictSame(await keptBy(ingress, '/Shop/look'), ['content-type', 'x-shop'])
})

t.test('what may carry credentials is named', async (t) => {
  const schema = new Schema()
  schema.put(deployment('dp_shop', [shop, { ...other, headerAllowList: ['*', 'x-plain'] }]))
  schema.put(
    deployment('dp_same_name', [
      service('look', 'Service', [handler('look', 'Stateless', { headerAllowList: ['cookie'] })]),
    ]),
  )
  t.match(sensitiveServiceHeaders(schema), [
    /^header_allow_list of Shop: x-api-key may/,
    /^header_allow_list of look\/look: cookie may/,
  ])
  t.match(sensitiveServiceHeaders(schema, ['cookie', 'x-plain']), [
    /^header_allow_list of Shop: x-api-key may/,
    /^header_allow_list of Other: x-plain is kept nowhere/,
    /^header_allow_list of look\/look: cookie is kept nowhere/,
  ])
})
