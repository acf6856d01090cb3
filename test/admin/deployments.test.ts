import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA, dpB, dpUnknown, handler, service } from './samples.ts'

const uri = 'http://localhost:19310/'

t.test('list and detail', async (t) => {
  await using admin = testAdmin()
  const later = Date.parse('2026-11-21T17:20:33.548Z')
  admin.client.schema.put(
    deployment(dpB, {
      uri: 'http://127.0.0.1:19311/',
      createdAt: later,
      additionalHeaders: [
        ['x-team', 'blue'],
        ['authorization', 'Bearer abc'],
      ],
      metadata: { k: 'v' },
      protocolMode: 'REQUEST_RESPONSE',
      httpVersion: 'HTTP/1.1',
      services: [service('Greeter', { revision: 2 })],
    }),
  )
  admin.client.schema.put(deployment(dpA))

  const list = (await admin.app.inject({ url: '/deployments' })).json()
  t.strictSame(list, {
    deployments: [
      {
        id: dpA,
        uri,
        protocol_type: 'BidiStream',
        http_version: 'HTTP/2.0',
        created_at: '2026-11-21T17:18:51.216000000Z',
        min_protocol_version: 5,
        max_protocol_version: 7,
        sdk_version: 'restate-sdk-typescript/1.17.2',
        services: [{ name: 'Greeter', revision: 1 }],
      },
      {
        id: dpB,
        uri: 'http://127.0.0.1:19311/',
        protocol_type: 'RequestResponse',
        http_version: 'HTTP/1.1',
        additional_headers: { 'x-team': 'blue', authorization: '***' },
        metadata: { k: 'v' },
        created_at: '2026-11-21T17:20:33.548000000Z',
        min_protocol_version: 5,
        max_protocol_version: 7,
        sdk_version: 'restate-sdk-typescript/1.17.2',
        services: [{ name: 'Greeter', revision: 2 }],
      },
    ],
  })

  const detail = (await admin.app.inject({ url: `/v4/deployments/${dpB}` })).json()
  t.match(detail, { id: dpB, services: [{ name: 'Greeter', revision: 2, deployment_id: dpB }] })
  t.equal(detail.services[0].inactivity_timeout, '0s', 'request/response services suspend as soon as they wait')
  t.notMatch(JSON.stringify([list, detail]), /Bearer abc/)
})

t.test('handlers of all types', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(
    deployment(dpA, {
      services: [
        service('Signup', {
          type: 'Workflow',
          handlers: [handler('run', { type: 'Workflow' }), handler('verify', { type: 'Shared' })],
        }),
        service('Counter', { type: 'VirtualObject', handlers: [handler('add', { type: 'Exclusive' })] }),
      ],
    }),
  )
  const { services } = (await admin.app.inject({ url: `/deployments/${dpA}` })).json()
  t.match(services, [
    { ty: 'Workflow', workflow_completion_retention: '1d', handlers: [{ ty: 'Workflow' }, { ty: 'Shared' }] },
    { ty: 'VirtualObject', handlers: [{ ty: 'Exclusive' }] },
  ])
  t.notOk('workflow_completion_retention' in services[1])
})

t.test('ids that cannot be, and ids that are not', async (t) => {
  await using admin = testAdmin()
  for (const [id, reason] of [
    ['foo', 'bad format'],
    ['dp_bad', 'unrecognized codec version'],
  ]) {
    for (const method of ['GET', 'DELETE'] as const) {
      t.match(await admin.app.inject({ method, url: `/deployments/${id}` }), {
        statusCode: 400,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: `Invalid URL: Cannot parse \`deployment\` with value \`${id}\`: ${reason}`,
      })
    }
  }
  const missing = await admin.app.inject({ url: `/deployments/${dpUnknown}` })
  t.equal(missing.statusCode, 404)
  t.strictSame(missing.json(), {
    message: `The requested deployment '${dpUnknown}' does not exist`,
    restate_code: null,
  })
})

t.test('removing', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA))
  const remove = (id: string, query: string) =>
    admin.app.inject({ method: 'DELETE', url: `/v4/deployments/${id}${query}` })

  for (const query of ['', '?force=false']) t.match(await remove(dpA, query), { statusCode: 501, body: '' })
  t.match(await remove(dpA, '?force=xyz'), {
    statusCode: 400,
    body: 'Failed to deserialize query string: force: provided string was not `true` or `false`',
  })
  t.match(await remove(dpA, '?force=true&force=false'), { statusCode: 400 })
  t.ok(admin.client.schema.deployment(dpA))
  t.match(await remove(dpA, '?force=true'), { statusCode: 202, body: '' })
  t.equal(admin.client.schema.deployment(dpA), undefined)
  const again = await remove(dpA, '?force=true')
  t.equal(again.statusCode, 404)
  t.strictSame(again.json(), {
    message: `not found in the schema registry: deployment with id '${dpA}'`,
    restate_code: null,
  })
})
