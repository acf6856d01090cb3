import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { register, startServerProcess } from '../../harness/server-process.ts'
import { shortDirectory } from '../../harness/short-directory.ts'
import { startAuthService } from './auth-service.ts'
import { startHeaderService } from './header-service.ts'
import { ask, connectRaw, type Nginx, startNginx } from './nginx.ts'

const auth = await startAuthService(t, { 'good-token': 'ada', 'other-token': 'bob' })
const service = await startHeaderService(t)
const directory = shortDirectory(t)
const server = await startServerProcess(directory, {
  RESTATE_INGRESS__LISTEN_MODE: 'all',
  RESTATE_INGRESS__HEADER_ALLOW_LIST_EXTRA: 'x-caller-id',
  // Shorter than the call of the test on long calls.
  RESTATE_INGRESS__HEADERS_TIMEOUT: '500ms',
  RESTATE_INGRESS__BODY_TIMEOUT: '500ms',
  RESTATE_INGRESS__IDLE_TIMEOUT: '500ms',
})
t.teardown(() => server.stop())
await register(server.admin, service.uri)
const ingressSocket = join(directory, 'test', 'ingress.sock')

async function start(name: string, readTimeout?: string): Promise<Nginx> {
  const nginx = await startNginx({
    prefix: shortDirectory(t),
    ingressSocket,
    authPort: auth.port,
    ...(readTimeout === undefined ? {} : { readTimeout }),
  })
  t.comment(`${name}: ${nginx.socket}`)
  t.teardown(() => nginx.stop())
  return nginx
}

const nginx = await start('as shipped')
const good = ['authorization', 'Bearer good-token']
const json = ['content-type', 'application/json']

t.test('401 without credentials, with the challenge of the authentication service, and nothing runs', async (t) => {
  for (const headers of [[], ['authorization', 'Bearer bad-token'], ['x-caller-id', 'ada'], ['cookie', 'good-token']]) {
    const answer = await ask(nginx, '/Headers/look', { headers })
    t.equal(answer.status, 401, headers.join(' '))
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="example"')
  }
  t.equal(service.seen.length, 0)
})

t.test('200 with credentials; the handler learns who called, and nothing that proves it', async (t) => {
  const before = service.seen.length
  const answer = await ask(nginx, '/Headers/look', {
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
  t.equal(service.seen.length, before + 1)
  const seen = Object.fromEntries(service.seen.at(-1) ?? [])
  t.strictSame(seen, {
    'x-restate-ingress-path': '/Headers/look',
    'x-caller-id': 'ada',
    'x-request-id': 'r-1',
  })
})

t.test('bodies, keys and answers pass unchanged', async (t) => {
  const sent = await ask(nginx, '/Headers/look/send?delay=1ms', { headers: [...good] })
  t.equal(sent.status, 202)
  t.match(JSON.parse(sent.body), { status: 'Accepted', executionTime: /Z$/ })
  const missing = await ask(nginx, '/Nope/a%2Fb/..%2f//x', { headers: [...good] })
  t.equal(missing.status, 404)
  t.equal(missing.headers['x-restate-error-source'], 'ingress')
  const tooLarge = await ask(nginx, '/Headers/wait', {
    headers: [...good, ...json],
    body: 'x'.repeat(33 * 1024 * 1024),
  })
    .then(({ status }) => status)
    .catch((error: NodeJS.ErrnoException) => error.code)
  t.ok([413, 'EPIPE', 'ECONNRESET'].includes(tooLarge ?? ''), String(tooLarge))
})

t.test('admin, fabric and the authentication service are out of reach', async (t) => {
  const paths = ['/', '/deployments', '/services', '/query', '/version', '/health', '/metrics', '/ui/', '/_auth']
  const tricks = [
    '//deployments',
    '/restate/../deployments',
    '/%2e%2e/deployments',
    '/oauth2/auth',
    '/invocations/inv_1',
  ]
  for (const path of [...paths, ...tricks]) {
    for (const method of ['GET', 'POST']) {
      const { status, headers, body } = await ask(nginx, path, { method, headers: [...good] })
      t.ok(status >= 400 && status < 500, `${method} ${path}: ${status}`)
      // What leads out of the root, and what is nginx's own, it answers itself.
      if (!['/_auth', '/%2e%2e/deployments'].includes(path))
        t.equal(headers['x-restate-error-source'], 'ingress', `${method} ${path}`)
      t.notMatch(body, /dp_1|perdure_|"deployments"|uri/)
    }
  }
  for (const host of [new URL(server.admin).host, 'admin.sock']) {
    const socket = connectRaw(nginx)
    socket.write(
      `GET /deployments HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer good-token\r\nConnection: close\r\n\r\n`,
    )
    const answer = await text(socket)
    t.match(answer, /^HTTP\/1\.1 4\d\d /)
    t.notMatch(answer, /dp_1/)
  }
})

t.test('attack 3: what is smuggled behind a request is not run', async (t) => {
  const before = service.seen.length
  const head = 'POST /Headers/look HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good-token\r\n'
  const smuggled =
    'POST /Headers/look HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled\r\nContent-Length: 0\r\n\r\n'
  const body = `0\r\n\r\n${smuggled}`
  const attacks: readonly string[] = [
    `${head}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${body}`,
    `${head}Transfer-Encoding: xchunked\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${head}Transfer-Encoding:\tchunked\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${head}Transfer-Encoding : chunked\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${head}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    `${head}Content-Length: 0\nX: y\r\n\r\n${smuggled}`,
    `${head}X: y\r\n Content-Length: ${smuggled.length}\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  ]
  for (const attack of attacks) {
    const socket = connectRaw(nginx)
    socket.on('error', () => {})
    socket.write(attack)
    socket.setTimeout(300, () => socket.destroy())
    await text(socket).catch(() => '')
  }
  // Without credentials of its own, what is smuggled would have to get past nginx unseen to arrive.
  t.notOk(service.seen.some((headers) => headers.get('x-request-id') === 'smuggled'))
  t.ok(service.seen.length - before <= attacks.length, 'at most one each')
  // The connections to ingress that nginx keeps are in order.
  for (let i = 0; i < 20; i++) {
    const answer = await ask(nginx, '/Headers/look', { headers: [...good, 'x-request-id', `after-${i}`] })
    t.equal(answer.body, String(service.seen.length))
    t.equal(service.seen.at(-1)?.get('x-request-id'), `after-${i}`)
  }
})

t.test('a long call outlives every other limit; what it may last is one line', async (t) => {
  const wait = (through: Nginx, key: string) =>
    ask(through, '/Headers/wait', { headers: [...good, ...json, 'idempotency-key', key], body: '2000' })
  const impatient = await start('impatient', '1s')
  const [long, cut] = await Promise.all([wait(nginx, 'long'), wait(impatient, 'cut')])
  t.strictSame([long.status, long.body], [200, '2000'])
  t.equal(cut.status, 504)
  const again = await wait(nginx, 'cut')
  t.strictSame([again.status, again.body], [200, '2000'], 'the invocation went on')
})

t.test('nginx writes neither credentials nor query strings', async (t) => {
  await ask(nginx, '/Headers/look?token=query-secret', { headers: [...good] })
  for (const name of ['perdure.log', 'perdure-error.log', 'start.log']) {
    const log = readFileSync(join(nginx.prefix, 'logs', name), 'utf8')
    t.notMatch(log, /good-token|query-secret/, name)
    if (name === 'perdure.log') t.match(log, /"POST \/Headers\/look" 200/)
  }
})
