import t from 'tap'
import { eventually, RawClient } from '../listen/fixture.ts'
import { Http2Client } from '../listen/http2-client.ts'
import { ask, jsonType, serverConfig, startIngress } from './fixture.ts'

const preflight = {
  origin: 'https://app.example',
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'x-foo, idempotency-key',
}

t.test('origins that are named', async (t) => {
  await using ingress = await startIngress(serverConfig({ corsAllowedOrigins: ['https://app.example'] }))
  const asked = await ask(ingress, '/nowhere', { method: 'OPTIONS', headers: preflight })
  t.equal(asked.status, 200)
  t.equal(asked.body, '')
  t.equal(asked.headers['content-length'], '0')
  t.match(asked.headers, {
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'x-foo, idempotency-key',
    'access-control-max-age': '600',
    vary: 'origin',
  })
  const call = await ask(ingress, '/Svc/echo', { headers: { ...jsonType, origin: 'https://app.example' }, body: '1' })
  t.equal(call.body, '1')
  t.equal(call.headers['content-type'], 'application/json')
  t.equal(call.headers['access-control-allow-origin'], 'https://app.example')
  t.match(call.headers['access-control-expose-headers'], /x-restate-id/)
  const failed = await ask(ingress, '/Nope/x', { headers: { origin: 'https://app.example' } })
  t.equal(failed.status, 404)
  t.equal(failed.headers['access-control-allow-origin'], 'https://app.example')

  for (const origin of ['https://evil.example', 'https://app.example.evil', 'null', 'https://APP.example']) {
    const refused = await ask(ingress, '/Svc/echo', { method: 'OPTIONS', headers: { ...preflight, origin } })
    t.equal(refused.status, 405, origin)
    const other = await ask(ingress, '/Svc/echo', { headers: { ...jsonType, origin }, body: '1' })
    for (const reply of [refused, other]) {
      t.equal(reply.headers.vary, 'origin')
      t.notOk(Object.keys(reply.headers).some((name) => name.startsWith('access-control-')))
    }
  }
  const plain = await ask(ingress, '/Svc/echo', { method: 'OPTIONS', headers: { origin: 'https://app.example' } })
  t.equal(plain.status, 405, 'OPTIONS that asks for no method is no preflight')
})

t.test('every origin, without credentials', async (t) => {
  await using ingress = await startIngress(serverConfig({ corsAllowedOrigins: ['*'] }))
  for (const request of [
    { method: 'OPTIONS', headers: preflight },
    { headers: { ...jsonType, origin: 'https://any.example' }, body: '1' },
  ]) {
    const reply = await ask(ingress, '/Svc/echo', request)
    t.equal(reply.status, 200)
    t.equal(reply.headers['access-control-allow-origin'], '*')
    t.equal(reply.headers['access-control-allow-credentials'], undefined)
  }
})

t.test('as the peer', async (t) => {
  await using ingress = await startIngress(serverConfig({ corsAllowedOrigins: ['*'] }, 'restate'))
  const asked = await ask(ingress, '/Svc/echo', { method: 'OPTIONS', headers: preflight })
  t.equal(asked.status, 200)
  t.match(asked.headers, {
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'x-foo, idempotency-key',
    vary: 'origin, access-control-request-method, access-control-request-headers',
  })
  t.equal((await ask(ingress, '/nowhere', { method: 'OPTIONS' })).status, 200)
  const call = await ask(ingress, '/Svc/echo', { headers: { ...jsonType, origin: 'null' }, body: '1' })
  t.equal(call.headers['access-control-allow-origin'], 'null')
  t.equal(call.headers['access-control-allow-credentials'], 'true')
  t.equal(call.headers['access-control-expose-headers'], undefined)
})

t.test('a page can read that there are too many requests, and its preflights are none of them', async (t) => {
  for (const compatibility of ['strict', 'restate'] as const) {
    const corsAllowedOrigins = compatibility === 'restate' ? ['*'] : ['https://app.example']
    const config = serverConfig({ corsAllowedOrigins, concurrentRequestsLimit: 1 }, compatibility)
    await using ingress = await startIngress(config)
    const upload = new RawClient(ingress.port).send('POST /Svc/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n1')
    await eventually(() => ingress.listener.stats.requestsInProgress === 1)
    using session = new Http2Client(ingress.port)
    const asked = async (method: string, headers: Record<string, string>) => {
      const response = await fetch(`${ingress.url}/Svc/echo`, { method, headers })
      await response.arrayBuffer()
      const other = await session.request({ ':method': method, ':path': '/Svc/echo', ...headers })
      t.equal(other.status, response.status, 'both protocols')
      t.equal(other.headers['access-control-allow-origin'] ?? null, response.headers.get('access-control-allow-origin'))
      return { status: response.status, origin: response.headers.get('access-control-allow-origin') }
    }
    t.strictSame(await asked('OPTIONS', preflight), { status: 200, origin: 'https://app.example' })
    t.strictSame(await asked('POST', { origin: 'https://app.example' }), { status: 429, origin: 'https://app.example' })
    if (compatibility === 'strict') {
      const evil = { ...preflight, origin: 'https://evil.example' }
      t.strictSame(await asked('OPTIONS', evil), { status: 429, origin: null })
      t.strictSame(await asked('OPTIONS', { origin: 'https://app.example' }), {
        status: 429,
        origin: 'https://app.example',
      })
    }
    t.equal(ingress.listener.stats.requestsInProgress, 1, 'preflights give back what they took')
    upload.close()
  }
})
