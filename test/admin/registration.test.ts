import t from 'tap'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA } from './samples.ts'

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
