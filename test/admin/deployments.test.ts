import t from 'tap'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA, dpB, dpUnknown, handler, service } from './samples.ts'

const uri = 'http://localhost:19310/'

t.test('registering', async (t) => {
  await using admin = testAdmin()
  const first = await admin.app.inject({ method: 'POST', url: '/v4/deployments', payload: { uri, unknown: 1 } })
  t.equal(first.statusCode, 201)
  t.equal(first.headers.location, `deployments/${dpA}`)
  t.strictSame(first.json(), {
    id: dpA,
    services: [
      {
        name: 'Greeter',
        ty: 'Service',
        handlers: [
          {
            name: 'greet',
            public: true,
            input_description: 'application/json',
            output_description: 'application/json',
            retry_policy: { max_attempts: null },
          },
        ],
        deployment_id: dpA,
        revision: 1,
        public: true,
        idempotency_retention: '1d',
        journal_retention: '1d',
        inactivity_timeout: '1m',
        abort_timeout: '10m',
        enable_lazy_state: false,
        retry_policy: {
          initial_interval: '500ms',
          exponentiation_factor: 2,
          max_attempts: 70,
          max_interval: '1m',
          on_max_attempts: 'Pause',
        },
      },
    ],
    min_protocol_version: 5,
    max_protocol_version: 7,
    sdk_version: 'restate-sdk-typescript/1.17.2',
  })
  t.match(admin.registry.requests, [{ uri, force: false, breaking: false, dryRun: false, useHttp11: false }])
})

t.test('what a version does with a deployment that exists', async (t) => {
  for (const [prefix, force, status] of [
    ['', undefined, 200],
    ['', false, 200],
    ['', true, 200],
    ['/v3', undefined, 200],
    ['/v4', false, 200],
    ['/v4', true, 200],
    ['/v2', undefined, 201],
    ['/v2', true, 201],
    ['/v2', false, 409],
  ] as const) {
    await using admin = testAdmin()
    admin.client.schema.put(deployment(dpA, { uri }))
    const answer = await admin.app.inject({
      method: 'POST',
      url: `${prefix}/deployments`,
      payload: force === undefined ? { uri } : { uri, force },
    })
    t.equal(answer.statusCode, status, `${prefix} force ${force}`)
    if (status === 409) {
      t.strictSame(answer.json(), { message: `Conflict: deployment ${dpA} already exists`, restate_code: null })
    }
  }
})

t.test('all fields of a registration reach the registry', async (t) => {
  await using admin = testAdmin()
  await admin.app.inject({
    method: 'POST',
    url: '/deployments',
    payload: {
      uri,
      additional_headers: { 'x-key': '1' },
      metadata: { k: 'v' },
      use_http_11: true,
      breaking: true,
      force: true,
      dry_run: true,
      auth: null,
    },
  })
  t.strictSame(admin.registry.requests, [
    {
      uri,
      additionalHeaders: { 'x-key': '1' },
      metadata: { k: 'v' },
      useHttp11: true,
      breaking: true,
      force: true,
      dryRun: true,
    },
  ])
  t.equal(admin.client.schema.deployment(dpA), undefined, 'a dry run stores nothing')
})

t.test('refused registrations', async (t) => {
  await using admin = testAdmin()
  const post = (payload: object) => admin.app.inject({ method: 'POST', url: '/deployments', payload })

  t.match(await post({ arn: 'arn:aws:lambda:us-east-1:123456789012:function:foo:1' }), { statusCode: 400 })
  t.match((await post({ arn: 'x' })).json(), { message: /^The request field 'arn' is invalid\. Reason: / })
  const lambda = await post({ arn: 'arn:aws:lambda:us-east-1:1:function:f:1', auth: { GoogleIdToken: {} } })
  t.equal(lambda.statusCode, 400)
  t.match(lambda.json(), { message: /^The request field 'auth' is invalid\. Reason: .*assume_role_arn/ })
  for (const payload of [
    { uri, use_http_11: 'yes' },
    { uri, force: 1 },
    { uri, metadata: { k: 1 } },
    { uri, additional_headers: ['x'] },
    { uri, additional_headers: { 'x-a': null } },
    { arn: 5 },
    { uri, auth: {} },
    { uri, auth: 'GoogleIdToken' },
    { uri, auth: { AwsRole: {} } },
    { uri, auth: { GoogleIdToken: {}, AwsRole: {} } },
    { uri, auth: { GoogleIdToken: null } },
    { uri, auth: { GoogleIdToken: { audience: 1 } } },
    { uri, auth: { GoogleIdToken: { impersonate_service_account: ['a'] } } },
  ]) {
    t.equal((await post(payload)).statusCode, 422, JSON.stringify(payload))
  }
  t.equal(admin.registry.requests.length, 0)
})

t.test('an error of the registry has its status, its code, and the code before its text', async (t) => {
  await using admin = testAdmin()
  admin.registry.failure = new PerdureError(
    { code: 'PERDURE_ERR_TEST', status: 500, restateCode: 'META0003' },
    'no connection to http://localhost:19399/',
  )
  const answer = await admin.app.inject({ method: 'POST', url: '/deployments', payload: { uri } })
  t.equal(answer.statusCode, 500)
  t.strictSame(answer.json(), {
    message: '[META0003] no connection to http://localhost:19399/',
    restate_code: 'META0003',
  })
})

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

t.test('updating', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA, { additionalHeaders: [['authorization', 'Bearer abc']] }))
  const patch = (payload: object, id: string = dpA) =>
    admin.app.inject({ method: 'PATCH', url: `/deployments/${id}`, payload })

  const moved = await patch({ uri: 'http://localhost:19311/', use_http_11: true, overwrite: true, dry_run: false })
  t.match(moved, { statusCode: 200 })
  t.match(moved.json(), { id: dpA, uri: 'http://localhost:19311/', services: [{ name: 'Greeter', revision: 1 }] })
  t.strictSame(admin.registry.requests.at(-1), {
    uri: 'http://localhost:19311/',
    useHttp11: true,
    overwrite: true,
    dryRun: false,
  })

  await patch({ use_http_11: true })
  t.match(admin.registry.requests.at(-1), { useHttp11: true }, 'counts without uri too, unlike the peer')

  t.match(await patch({}, dpUnknown), { statusCode: 404 })
  t.match((await patch({ arn: 'arn:x' })).json(), {
    message:
      'cannot update the deployment, as the deployment type is http while the update options are for type lambda',
  })
  t.match(await patch({ overwrite: 'yes' }), { statusCode: 422 })
})

t.test('a masked header that comes back means the value that is stored', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA, { additionalHeaders: [['authorization', 'Bearer abc']] }))
  const { additional_headers: shown } = (await admin.app.inject({ url: `/deployments/${dpA}` })).json()
  const patch = (headers: object) =>
    admin.app.inject({ method: 'PATCH', url: `/deployments/${dpA}`, payload: { additional_headers: headers } })

  const answer = await patch({ ...shown, 'x-team': 'blue' })
  t.strictSame(answer.json().additional_headers, { authorization: '***', 'x-team': 'blue' })
  t.strictSame(admin.client.schema.deployment(dpA)?.additionalHeaders, [
    ['authorization', 'Bearer abc'],
    ['x-team', 'blue'],
  ])

  const unknown = await patch({ 'x-api-key': '***' })
  t.equal(unknown.statusCode, 400)
  t.match(unknown.json(), { message: /^The request field 'additional_headers' is invalid\. Reason: / })
  const registering = await admin.app.inject({
    method: 'POST',
    url: '/deployments',
    payload: { uri, additional_headers: { authorization: '***' } },
  })
  t.equal(registering.statusCode, 400)
})

t.test('authentication', async (t) => {
  await using admin = testAdmin()
  const account = 'caller@proj.iam.gserviceaccount.com'
  const post = (auth: unknown) => admin.app.inject({ method: 'POST', url: '/deployments', payload: { uri, auth } })
  const patch = (payload: object) => admin.app.inject({ method: 'PATCH', url: `/deployments/${dpA}`, payload })
  const asked = () => admin.registry.requests.at(-1)

  await post({ GoogleIdToken: { unknown: true } })
  t.match(asked(), { auth: { kind: 'google-id-token', audience: undefined, impersonateServiceAccount: undefined } })
  await post({ GoogleIdToken: { audience: 'https://a', impersonate_service_account: account } })
  t.match(asked(), {
    auth: { kind: 'google-id-token', audience: 'https://a', impersonateServiceAccount: account },
  })
  await post(null)
  t.notOk(Object.hasOwn(Object(asked()), 'auth'))

  await patch({ additional_headers: {} })
  t.notOk(Object.hasOwn(Object(asked()), 'auth'), 'stays')
  await patch({ auth: null })
  t.match(asked(), { auth: null })
  await patch({ auth: { GoogleIdToken: { audience: 'https://b' } } })
  t.match(asked(), { auth: { audience: 'https://b' } })
  t.equal((await patch({ auth: {} })).statusCode, 422)

  const auth = { kind: 'google-id-token', audience: 'https://a' } as const
  admin.client.schema.put(deployment(dpA, { auth }))
  admin.client.schema.put(deployment(dpB, { auth: { ...auth, impersonateServiceAccount: account } }))
  const detail = (id: string) => admin.app.inject({ url: `/deployments/${id}` })
  t.strictSame((await detail(dpA)).json().auth, { GoogleIdToken: { audience: 'https://a' } })
  const both = { GoogleIdToken: { audience: 'https://a', impersonate_service_account: account } }
  t.strictSame((await detail(dpB)).json().auth, both)
  const list = (await admin.app.inject({ url: '/deployments' })).json().deployments
  t.strictSame(
    list.map((item: { auth: unknown }) => item.auth),
    [both, { GoogleIdToken: { audience: 'https://a' } }],
  )
  t.strictSame((await patch({ use_http_11: true })).json().auth, { GoogleIdToken: { audience: 'https://a' } })
})

t.test('PUT is the update under /v2 only', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA))
  for (const prefix of ['', '/v3', '/v4']) {
    const answer = await admin.app.inject({ method: 'PUT', url: `${prefix}/deployments/${dpA}`, payload: { uri } })
    t.equal(answer.statusCode, 405)
    t.strictSame(answer.json(), { message: 'PUT deployment is deprecated, use PATCH instead', restate_code: null })
  }
  const answer = await admin.app.inject({ method: 'PUT', url: `/v2/deployments/${dpA}`, payload: { uri } })
  t.match(answer.json(), { id: dpA })
})

t.test('every write leaves one audit line, and no secret', async (t) => {
  await using admin = testAdmin()
  const register = (payload: object) => admin.app.inject({ method: 'POST', url: '/v4/deployments', payload })
  await register({ uri: `${uri}?token=hush`, additional_headers: { authorization: 'Bearer abc' } })
  await register({ uri: 5 })
  await admin.app.inject({ method: 'DELETE', url: `/deployments/${dpA}?force=true` })
  await admin.app.inject({ url: '/deployments' })

  t.match(admin.log.info, [
    {
      event: 'admin-write',
      action: 'deployment.register',
      path: '/v4/deployments',
      peer: 'tcp',
      remoteAddress: '127.0.0.1',
      result: 'done',
      status: 201,
      deploymentId: dpA,
      uri,
      outcome: 'created',
      force: false,
      dryRun: false,
    },
    {
      action: 'deployment.register',
      result: 'refused',
      status: 422,
      errorCode: 'PERDURE_ERR_ADMIN_BODY_SHAPE',
    },
    { action: 'deployment.remove', result: 'done', status: 202, deploymentId: dpA },
  ])
  t.equal(admin.log.info.length, 3, 'reads leave none')
  t.notMatch(JSON.stringify(admin.log), /Bearer|hush/)
})

t.test('names of headers whose values are masked', async (t) => {
  await using admin = testAdmin()
  const secret = [
    'authorization',
    'X-Api-Key',
    'cookie',
    'x-goog-iap-jwt-assertion-token',
    'x-client-secret',
    'password',
  ]
  const open = ['x-team', 'accept-language', 'x-tenant-id']
  admin.client.schema.put(
    deployment(dpA, { additionalHeaders: [...secret, ...open].map((name) => [name, 'value'] as const) }),
  )
  const { additional_headers: shown } = (await admin.app.inject({ url: `/deployments/${dpA}` })).json()
  for (const name of secret) t.equal(shown[name], '***', name)
  for (const name of open) t.equal(shown[name], 'value', name)
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
