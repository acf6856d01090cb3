import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { dpA } from './samples.ts'

const prefixes = ['', '/v2', '/v3', '/v4']

t.test('health and version answer under every prefix', async (t) => {
  await using admin = testAdmin()
  for (const prefix of prefixes) {
    const health = await admin.app.inject({ url: `${prefix}/health` })
    t.match(health, { statusCode: 200, body: '' })
    t.equal(health.headers['content-type'], undefined)

    const version = await admin.app.inject({ url: `${prefix}/version` })
    t.equal(version.statusCode, 200)
    t.equal(version.headers['content-type'], 'application/json', 'exactly, clients compare it')
    const handshake = version.json()
    t.match(handshake, {
      version: '1.7.12',
      min_admin_api_version: 2,
      max_admin_api_version: 4,
      ingress_endpoint: 'http://127.0.0.1:8080/',
      server: { name: 'perdure', version: '0.1.0' },
    })
    t.ok(Object.values(handshake.features).every((on) => on === false))
    t.ok('vqueues' in handshake.features && 'protocol_v7' in handshake.features)
  }
})

t.test('the ingress endpoint is left out while it is not known', async (t) => {
  await using admin = testAdmin({ ingressEndpoint: () => undefined })
  t.notOk('ingress_endpoint' in (await admin.app.inject({ url: '/version' })).json())
})

t.test('other versions', async (t) => {
  await using admin = testAdmin()
  for (const url of ['/v1', '/v1/deployments', '/v1/anything/at/all']) {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await admin.app.inject({ method, url })
      t.match(answer, {
        statusCode: 400,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: 'Unsupported Admin API version V1. This server supports versions between V2 and V4.',
      })
    }
  }
  t.match(await admin.app.inject({ url: '/v5/version' }), { statusCode: 404, body: '' })
})

t.test('unknown paths answer 404 without a body', async (t) => {
  await using admin = testAdmin()
  for (const url of [
    '/',
    '/nope',
    '/deployments/',
    '/v3',
    '/v4/nope',
    '/metadata/x',
    '/internal/invocations_batch_operations/zap',
  ]) {
    const answer = await admin.app.inject({ url })
    t.match(answer, { statusCode: 404, body: '' }, url)
    t.equal(answer.headers['content-type'], undefined)
  }
})

t.test('a method that a path does not have answers 405 and says which it has', async (t) => {
  await using admin = testAdmin()
  for (const [method, url, allow] of [
    ['PUT', '/deployments', 'GET,HEAD,POST'],
    ['OPTIONS', '/deployments', 'GET,HEAD,POST'],
    ['POST', `/v4/deployments/${dpA}`, 'GET,HEAD,PATCH,PUT,DELETE'],
    ['DELETE', '/services/Greeter', 'GET,HEAD,PATCH'],
    ['POST', '/health', 'GET,HEAD'],
    ['GET', '/query', 'POST'],
    ['HEAD', '/query', 'POST'],
    ['GET', '/limits/rules', 'PUT'],
    ['POST', '/v4/invocations/x/cancel', 'PATCH'],
    ['GET', '/services/Counter/state', 'POST'],
    ['PATCH', '/internal/invocations_batch_operations/kill', 'POST'],
  ] as const) {
    const answer = await admin.app.inject({ method, url, payload: 'x' })
    t.match(answer, { statusCode: 405, body: '', headers: { allow } }, `${method} ${url}`)
    t.equal(answer.headers['access-control-allow-origin'], undefined)
  }
})

t.test('HEAD works where GET does', async (t) => {
  await using admin = testAdmin()
  const answer = await admin.app.inject({ method: 'HEAD', url: '/v4/deployments' })
  t.match(answer, { statusCode: 200, body: '', headers: { 'content-type': 'application/json' } })
})

t.test('JSON bodies', async (t) => {
  await using admin = testAdmin()
  const post = (contentType: string | undefined, payload: string | Buffer) =>
    admin.app.inject({
      method: 'POST',
      url: '/deployments',
      headers: contentType === undefined ? {} : { 'content-type': contentType },
      payload,
    })
  const valid = JSON.stringify({ uri: 'http://localhost:19310/' })

  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/x+json',
  ]) {
    t.equal((await post(type, valid)).statusCode < 300, true, type)
  }
  for (const type of [undefined, 'text/plain', 'application/jsonx', 'application/x-www-form-urlencoded']) {
    t.match(await post(type, valid), {
      statusCode: 415,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'Expected request with `Content-Type: application/json`',
    })
  }
  for (const body of ['', '{bad', Buffer.from([0x22, 0xff, 0x22])]) {
    t.match(await post('application/json', body), {
      statusCode: 400,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: /^Failed to parse the request body as JSON: /,
    })
  }
  for (const body of ['[]', 'null', '"x"', '{}', '{"uri":5}']) {
    t.match(await post('application/json', body), {
      statusCode: 422,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: /^Failed to deserialize the JSON body into the target type: data did not match any variant of untagged enum RegisterDeploymentRequest/,
    })
  }
})

t.test('a body may have 2 MiB and not one byte more', async (t) => {
  await using admin = testAdmin()
  const post = (sizeBytes: number) => {
    const empty = JSON.stringify({ uri: 'http://localhost:19310/', padding: '' })
    const padding = 'x'.repeat(sizeBytes - empty.length)
    return admin.app.inject({
      method: 'POST',
      url: '/deployments',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({ uri: 'http://localhost:19310/', padding }),
    })
  }
  t.equal((await post(2 * 1024 * 1024)).statusCode, 201)
  t.match(await post(2 * 1024 * 1024 + 1), {
    statusCode: 413,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: 'Failed to buffer the request body: length limit exceeded',
  })
  t.match(admin.log.info.at(-1), { action: 'deployment.register', result: 'refused', status: 413 })
})

t.test('what this server does not have says what to do instead, and leaves an audit line', async (t) => {
  await using admin = testAdmin()
  for (const [method, url, payload, advice] of [
    ['POST', '/v4/kafka-clusters', { name: 'a', properties: { 'bootstrap.servers': 'x' } }, /idempotency-key/],
    ['PUT', '/limits/rules', [{ pattern: 'a/*', limits: { concurrency: 3 } }], /virtual objects/],
    ['POST', '/vqueues/vq_1jJOFEtKQPi10WSIdMP098D0xNRB5RiA9I/pause', {}, /\/invocations\/\{id\}\/pause/],
  ] as const) {
    const answer = await admin.app.inject({ method, url, payload })
    t.equal(answer.statusCode, 501, `${method} ${url}`)
    t.match(answer.json(), { message: advice, restate_code: null })
    t.match(admin.log.info.at(-1), { result: 'refused', errorCode: 'PERDURE_ERR_ADMIN_NOT_SUPPORTED' })
  }
})

t.test('an unexpected error is logged and its text stays inside', async (t) => {
  await using admin = testAdmin()
  admin.registry.failure = new Error('the secret plan')
  const answer = await admin.app.inject({
    method: 'POST',
    url: '/deployments',
    payload: { uri: 'http://localhost:19310/' },
  })
  t.equal(answer.statusCode, 500)
  t.match(answer.json(), { message: /^Internal server error/, restate_code: null })
  t.notMatch(answer.body, /secret/)
  t.match(admin.log.error, [{ event: 'admin-request-failed', err: { message: 'the secret plan' } }])
})
