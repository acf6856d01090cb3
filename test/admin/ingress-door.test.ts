import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load-config.ts'
import { Server } from '../../src/server.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { TestAuthority } from '../listen/certificates.ts'
import { answerTo, type Caller, http1Caller, http1Request, http2Caller } from './door-callers.ts'

/** `/ingress/…` on the admin listener of a whole server, with a service of the official SDK. */
const bytes = restate.serde.binary
const failures: number[] = []

const echo = restate.object({
  name: 'Echo',
  handlers: {
    bytes: restate.createObjectHandler({ input: bytes, output: bytes }, async (_ctx, body) => body),
    key: async (ctx: restate.ObjectContext) => ctx.key,
    headers: async (ctx: restate.ObjectContext) => Object.fromEntries(ctx.request().headers),
    fails: async (_ctx: restate.ObjectContext, errorCode: number) => {
      throw new restate.TerminalError('no', { errorCode })
    },
    unavailable: async () => {
      failures.push(Date.now())
      throw new restate.TerminalError('no', { errorCode: 503 })
    },
    sleep: async (ctx: restate.ObjectContext, ms: number) => ctx.sleep(ms),
  },
})

const services = createServer(restate.createEndpointHandler({ services: [echo], logger: () => {} }))
services.listen(0, '127.0.0.1')
await once(services, 'listening')
t.teardown(() => services.close())
const uri = `http://127.0.0.1:${(services.address() as AddressInfo).port}`

async function start(t: Test, listenMode: string, env: Readonly<Record<string, string>> = {}, headers = {}) {
  const loaded = loadConfig({
    argv: [],
    cwd: process.cwd(),
    env: {
      RESTATE_BASE_DIR: shortDirectory(t),
      RESTATE_NODE_NAME: 'door',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_LISTEN_MODE: listenMode,
      ...env,
    },
  })
  if (!('config' in loaded)) throw new Error('no configuration')
  const lines: string[] = []
  const log = createLogger(
    { logFilter: 'info', logFormat: 'json', logDisableAnsiCodes: true },
    { write: (line) => void lines.push(line) },
  )
  const onFatal = (error: Error) => t.fail(error.message)
  const server = await Server.start({ config: loaded.config, log, version: '0.1.0', onFatal })
  t.teardown(() => server.close())
  const [bound] = server.listeners.admin.addresses
  if (bound === undefined) throw new Error('admin is not bound')
  const admin = http1Caller(bound)
  const json = { 'content-type': 'application/json', ...headers }
  const registered = await admin('/deployments', { headers: json, body: JSON.stringify({ uri }) })
  t.equal(registered.status, 201, registered.body.toString())
  return { server, bound, admin, lines }
}

const hashOf = (secret: string) => `sha256:${createHash('sha256').update(secret).digest('hex')}`
const json = (value: unknown) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) })
const parsed = (body: Buffer): unknown => JSON.parse(body.toString())
const fromIngress = { 'x-restate-error-source': 'ingress' }

async function eventually(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${condition}`)
    await delay(5)
  }
}

for (const listenMode of ['tcp', 'unix']) {
  t.test(`calls over ${listenMode}`, async (t) => {
    const { bound } = await start(t, listenMode, { RESTATE_INGRESS__REQUEST_SIZE_LIMIT: '2MiB' })
    t.equal(bound.kind, listenMode)
    const callers: readonly (readonly [name: string, caller: Caller])[] = [
      ['HTTP/1.1', http1Caller(bound)],
      ['HTTP/2', http2Caller(bound)],
    ]
    for (const [name, call] of callers) {
      await t.test(name, async (t) => {
        const body = Buffer.from(Uint8Array.from({ length: 1_500_000 }, (_, i) => (i * 7) & 255))
        const octets = { 'content-type': 'application/octet-stream' }
        for (const chunked of [false, true]) {
          const answer = await call('/ingress/Echo/k/bytes', { headers: octets, body, chunked })
          t.equal(answer.status, 200)
          t.ok(answer.body.equals(body), 'the bytes come back')
          t.match(answer.headers, { 'content-type': 'application/octet-stream', 'x-restate-id': /^inv_/ })
        }

        // The path is the business of ingress: nothing is decoded, joined or climbed.
        const keys = [
          ['a%2Fb', 'a/b'],
          ['..', '..'],
          ['%2e%2e', '..'],
          ['%zz', '%zz'],
          ['a%20b+c', 'a b+c'],
          ['', ''],
        ]
        for (const [segment, key] of keys) {
          const { body } = await call(`/ingress/Echo/${segment}/key?x=%2F`)
          t.equal(parsed(body), key, `key of ${segment}`)
        }
        t.match(await call('/ingress/../deployments'), { status: 404, headers: fromIngress })
        t.match(await call('/ingress'), { status: 400, headers: fromIngress })
        t.match(await call('/ingress/restate/health', { method: 'GET' }), { status: 200 })
        t.match(await call('/ingress/restate/health', { method: 'DELETE' }), { status: 405, headers: fromIngress })
        t.match(await call('/ingress/Echo/k/key', { headers: { 'content-type': 'no type' }, body: 'x' }), {
          status: 400,
          headers: fromIngress,
        })
        t.match(await call('/%69ngress/restate/health', { method: 'GET' }), { status: 404, body: { length: 0 } })
        t.match(await call('/ingressed', { method: 'GET' }), { status: 404, body: { length: 0 } })

        const tooMuch = Buffer.alloc(3 * 1024 * 1024)
        for (const chunked of [false, true]) {
          const refused = await call('/ingress/Echo/k/bytes', { headers: octets, body: tooMuch, chunked })
          t.match(refused, { status: 413, headers: fromIngress })
        }

        failures.length = 0
        t.match(await call('/ingress/Echo/k/unavailable', { method: 'GET' }), { status: 503 })
        t.equal(failures.length, 1, 'the proxy does not repeat a call')
      })
    }

    t.match(await http1Caller(bound)('/ingress/Echo/k/fails', json(700)), { status: 700 })
    t.match(await http1Caller(bound)('/ingress/Echo/k/fails', json(470)), { status: 470 })
    t.match(await http2Caller(bound)('/ingress/Echo/k/fails', json(700)), { status: 500 })
  })

  t.test(`headers over ${listenMode}`, async (t) => {
    const { bound } = await start(t, listenMode, { RESTATE_INGRESS__HEADER_POLICY: 'restate-compatible' })
    const headers = {
      authorization: 'Bearer of-admin',
      connection: 'keep-alive, x-of-this-hop',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      'proxy-authorization': 'Basic eA==',
      'x-of-this-hop': '1',
      'x-request': 'a, b',
      'idempotency-key': 'once',
    }
    const { body, headers: got } = await http1Caller(bound)('/ingress/Echo/k/headers', { headers })
    t.strictSame(parsed(body), {
      'x-request': 'a, b',
      'x-restate-ingress-path': '/Echo/k/headers',
      'content-length': '0',
    })
    t.match(got, { 'x-restate-id': /^inv_/, 'content-type': 'application/json' })
    t.notHas(got, { 'transfer-encoding': true })
  })

  t.test(`a caller that goes away, over ${listenMode}`, async (t) => {
    const { server, bound } = await start(t, listenMode)
    const request = http1Request(bound, '/ingress/Echo/k/sleep', json(600_000))
    request.on('error', () => {})
    request.end('600000')
    const { stats } = server.listeners.ingress
    await eventually(() => stats.connections === 1 && stats.requests === 1)
    request.destroy()
    await eventually(() => stats.connections === 0)
  })
}

t.test('ingress asks who calls', async (t) => {
  const { bound } = await start(t, 'tcp', { RESTATE_INGRESS__AUTH__API_KEYS: `{ tester = "${hashOf('secret')}" }` })
  const call = http1Caller(bound)
  t.match(await call('/ingress/Echo/k/key'), { status: 401, headers: fromIngress })
  t.match(await call('/ingress/Echo/k/key', { headers: { 'x-api-key': 'secret' } }), { status: 200 })
  t.match(await call('/ingress/Echo/k/key', { headers: { authorization: 'Bearer secret' } }), { status: 200 })
  const twice = { 'x-api-key': ['secret', 'secret'] }
  t.match(await call('/ingress/Echo/k/key', { headers: twice }), { status: 401, headers: fromIngress })
})

t.test('tokens of admin are asked for, and stay with admin', async (t) => {
  const tokens = {
    look: `read-only ${hashOf('looks')}`,
    work: `operator ${hashOf('works')}`,
    all: `admin ${hashOf('root')}`,
  }
  const entries = Object.entries(tokens).map(([name, value]) => `${name} = "${value}"`)
  const { bound, server, lines } = await start(
    t,
    'tcp',
    {
      RESTATE_ADMIN__TOKENS: `{ ${entries.join(', ')} }`,
      RESTATE_INGRESS__AUTH__API_KEYS: `{ tester = "${hashOf('secret')}" }`,
      RESTATE_INGRESS__HEADER_POLICY: 'restate-compatible',
    },
    { authorization: 'Bearer root' },
  )
  const call = http1Caller(bound)
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  t.match(await call('/ingress/Echo/k/headers'), { status: 401, headers: { 'www-authenticate': /admin/ } })
  t.match(await call('/ingress/Echo/k/headers', { headers: bearer('secret') }), { status: 401 })
  t.match(await call('/ingress/Echo/k/headers', { method: 'GET', headers: bearer('looks') }), { status: 403 })
  const refused = lines.map((line) => JSON.parse(line)).find(({ action }) => action === 'forbidden')
  t.match(refused, { path: '/ingress/Echo/k/headers', method: 'GET', caller: 'token look' })
  t.equal(server.listeners.ingress.stats.requests, 0)
  t.match(await call('/ingress/Echo/k/headers', { headers: bearer('works') }), { status: 401, headers: fromIngress })
  const { status, body } = await call('/ingress/Echo/k/headers', {
    headers: { ...bearer('works'), 'x-api-key': 'secret' },
  })
  t.equal(status, 200)
  t.strictSame(Object.keys(Object(parsed(body))).toSorted(), ['content-length', 'x-restate-ingress-path'])
})

t.test('admin decides who may come', async (t) => {
  const { bound, server } = await start(t, 'tcp')
  const call = http1Caller(bound)
  for (const headers of [
    { host: 'evil.example' },
    { origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    t.match(await call('/ingress/Echo/k/key', { headers }), { status: 403 })
  }
  t.equal(server.listeners.ingress.stats.requests, 0)
})

t.test('ingress behind TLS', async (t) => {
  const authority = new TestAuthority(shortDirectory(t))
  const { certFile, keyFile } = authority.issue({
    commonName: 'ingress.example',
    subjectAltName: 'DNS:ingress.example',
  })
  const tls = { RESTATE_INGRESS__TLS__CERT_FILE: certFile, RESTATE_INGRESS__TLS__KEY_FILE: keyFile }
  const { bound } = await start(t, 'tcp', tls)
  t.match(await http1Caller(bound)('/ingress/Echo/k/key'), { status: 200 })

  const mutual = await start(t, 'all', { ...tls, RESTATE_INGRESS__TLS__CLIENT_CA_FILE: authority.certFile })
  t.match(await http1Caller(mutual.bound)('/ingress/Echo/k/key'), { status: 502 })
  t.match(mutual.lines.join(''), /asks for client certificates/)
  t.equal(mutual.server.listeners.ingress.stats.connectionsAccepted, 0)
})

t.test('calls wait for a connection where the door has no more', async (t) => {
  const { bound, server } = await start(t, 'tcp', { RESTATE_INGRESS__MAX_CONNECTIONS: '4' })
  const call = http1Caller(bound)
  const order: string[] = []
  const ended = async (name: string, target: string, body?: number) => {
    const { status } = await call(target, body === undefined ? {} : json(body))
    t.equal(status, 200)
    order.push(name)
  }
  const long = [ended('long', '/ingress/Echo/a/sleep', 300), ended('long', '/ingress/Echo/b/sleep', 300)]
  await eventually(() => server.listeners.ingress.stats.requests === 2)
  await Promise.all([...long, ended('short', '/ingress/Echo/c/key')])
  t.equal(order.length, 3)
  t.not(order[0], 'short')
  t.equal(server.listeners.ingress.stats.connectionsAccepted, 2)
})

t.test('nothing is said of where ingress is', async (t) => {
  const { bound, server, lines } = await start(t, 'tcp')
  const call = http1Caller(bound)
  t.match(await call('/ingress/Echo/k/key'), { status: 200 })
  const [ingress] = server.listeners.ingress.addresses
  await server.listeners.ingress.close(0)
  for (const attempt of [1, 2]) {
    const answer = await call('/ingress/Echo/k/key')
    t.match(answer, { status: 502, headers: { 'content-type': 'application/json' } }, `attempt ${attempt}`)
    t.same(parsed(answer.body), {
      message: 'ingress cannot be reached; the log of the server has the details',
      restate_code: null,
    })
  }
  t.match(lines.join(''), new RegExp(`ingress-door-failed.*${ingress?.kind === 'tcp' ? ingress.port : ''}`))
})

t.test('a long call outlasts every time-out of a proxy, and closes in order', async (t) => {
  const { bound } = await start(t, 'tcp', {
    RESTATE_ADMIN__BODY_TIMEOUT: '300ms',
    RESTATE_ADMIN__IDLE_TIMEOUT: '300ms',
  })
  const request = http1Request(bound, '/ingress/Echo/k/sleep', json(2000))
  request.end('2000')
  t.match(await answerTo(request), { status: 200 })
})
