import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startAuthService } from '../e2e/nginx/auth-service.ts'
import { startHeaderService } from '../e2e/nginx/header-service.ts'
import { ask, connectRaw } from '../e2e/nginx/nginx.ts'
import { register, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { startCaddy } from './caddy.ts'

const auth = await startAuthService(t, { 'good-token': 'ada', 'anonymous-token': '' })
const service = await startHeaderService(t)
const directory = shortDirectory(t)
const server = await startServerProcess(directory, {
  RESTATE_INGRESS__LISTEN_MODE: 'all',
  RESTATE_INGRESS__HEADER_ALLOW_LIST_EXTRA: 'x-caller-id',
})
t.teardown(() => server.stop())
await register(server.admin, service.uri)
const caddy = await startCaddy({
  prefix: shortDirectory(t),
  ingressSocket: join(directory, 'test', 'ingress.sock'),
  authPort: auth.port,
})
t.teardown(() => caddy.stop())
const good = ['authorization', 'Bearer good-token']
const json = ['content-type', 'application/json']

t.test('401 without credentials, with the challenge of the authentication service, and nothing runs', async (t) => {
  for (const headers of [[], ['authorization', 'Bearer bad-token'], ['x-caller-id', 'ada'], ['cookie', 'good-token']]) {
    const answer = await ask(caddy, '/Headers/look', { headers })
    t.equal(answer.status, 401, headers.join(' '))
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="example"')
  }
  t.equal(service.seen.length, 0)
})

t.test('200 with credentials; the handler learns who called, and nothing that proves it', async (t) => {
  const answer = await ask(caddy, '/Headers/look', {
    headers: [
      ...good,
      ...['X-Caller-Id', 'root'],
      ...['x_caller_id', 'root'],
      ...['Cookie', 'session=1'],
      ...['Proxy-Authorization', 'Basic x'],
      ...['X-Serverless-Authorization', 'Bearer x'],
      ...['X-Api-Key', 'k'],
      ...['X-Restate-Ingress-Path', '/forged'],
      ...['X-Request-Id', 'r-1'],
    ],
  })
  t.equal(answer.status, 200)
  t.match(answer.headers['x-restate-id'], /^inv_1/)
  t.equal(service.seen.length, 1)
  t.strictSame(Object.fromEntries(service.seen.at(-1) ?? []), {
    'x-restate-ingress-path': '/Headers/look',
    'x-caller-id': 'ada',
    'x-request-id': 'r-1',
  })
})

t.test('who passes without a name has none, whatever he says', async (t) => {
  const headers = ['authorization', 'Bearer anonymous-token', 'x-caller-id', 'root', 'X-Caller-Id', 'root']
  const answer = await ask(caddy, '/Headers/look', { headers })
  t.equal(answer.status, 200)
  t.notMatch(JSON.stringify([...(service.seen.at(-1) ?? [])]), 'root')
})

t.test('bodies and keys pass unchanged, and large ones not at all', async (t) => {
  const waited = await ask(caddy, '/Headers/wait', { headers: [...good, ...json], body: '5' })
  t.strictSame([waited.status, waited.body], [200, '5'])
  const missing = await ask(caddy, '/Nope/a%2Fb/..%2f//x', { headers: [...good] })
  t.equal(missing.status, 404)
  t.equal(missing.headers['x-restate-error-source'], 'ingress')
  const tooLarge = await ask(caddy, '/Headers/wait', {
    headers: [...good, ...json],
    body: 'x'.repeat(33 * 1024 * 1024),
  })
    .then(({ status }) => status)
    .catch((error: NodeJS.ErrnoException) => error.code)
  t.ok([413, 'EPIPE', 'ECONNRESET'].includes(tooLarge ?? ''), String(tooLarge))
})

t.test('admin, fabric, the authentication service and Caddy’s own API are out of reach', async (t) => {
  const paths = ['/', '/deployments', '/services', '/query', '/version', '/health', '/metrics', '/ui/', '/config/']
  for (const path of [...paths, '//deployments', '/restate/../deployments', '/%2e%2e/deployments', '/oauth2/auth']) {
    for (const method of ['GET', 'POST']) {
      const { status, headers, body } = await ask(caddy, path, { method, headers: [...good] })
      t.ok(status >= 400 && status < 500, `${method} ${path}: ${status}`)
      t.equal(headers['x-restate-error-source'], 'ingress', `${method} ${path}`)
      t.notMatch(body, /dp_1|perdure_|"deployments"|uri|"apps"/)
    }
  }
  for (const host of [new URL(server.admin).host, 'admin.sock']) {
    const socket = connectRaw(caddy)
    socket.write(
      `GET /deployments HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer good-token\r\nConnection: close\r\n\r\n`,
    )
    t.notMatch(await text(socket), /dp_1/)
  }
})

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
