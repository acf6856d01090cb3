import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { register, type ServerProcess, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { type AuthService, startAuthService } from './nginx/auth-service.ts'
import { type HeaderService, startHeaderService } from './nginx/header-service.ts'

export const ca = readFileSync(join(import.meta.dirname, '../registry/fixtures/localhost-cert.pem'), 'utf8')

/** A reverse proxy with the configuration that is shipped, listening with TLS on a socket in its directory. */
export interface ReverseProxy {
  readonly socket: string
  readonly prefix: string
  stop(): Promise<void>
}

/** What a proxy is started with. */
export interface ProxyPlaces {
  /** A short path; the proxy keeps all its files here. */
  readonly prefix: string
  readonly ingressSocket: string
  /** Port of the authentication service. */
  readonly authPort: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A request over HTTP/1.1 and TLS. `headers` may be names and values in turn, repeated ones too. */
export function ask(
  { socket }: ReverseProxy,
  path: string,
  options: { readonly method?: string; readonly headers?: readonly string[]; readonly body?: string } = {},
): Promise<Answer> {
  const { method = 'POST', headers = [], body } = options
  const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))]
  const request: RequestOptions = {
    socketPath: socket,
    path,
    method,
    ca,
    servername: 'localhost',
    agent: false,
    setHost: false,
    headers: ['host', 'localhost', ...length, ...headers],
  }
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(request, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** A TLS connection to the proxy, for bytes of one's own. */
export function connectRaw({ socket }: ReverseProxy, protocol: 'h2' | 'http/1.1' = 'http/1.1'): TLSSocket {
  return connectTls({ path: socket, ca, servername: 'localhost', ALPNProtocols: [protocol] })
}

/** A server whose ingress is on a Unix socket, a service, and who knows callers: `good-token` is ada's, `anonymous-token` nobody's. */
export interface ProxiedIngress {
  readonly auth: AuthService
  readonly service: HeaderService
  readonly server: ServerProcess
  places(): ProxyPlaces
}

export async function startProxiedIngress(
  t: Test,
  env: Readonly<Record<string, string>> = {},
): Promise<ProxiedIngress> {
  const auth = await startAuthService(t, { 'good-token': 'ada', 'anonymous-token': '' })
  const service = await startHeaderService(t)
  const directory = shortDirectory(t)
  const server = await startServerProcess(directory, {
    RESTATE_INGRESS__LISTEN_MODE: 'all',
    RESTATE_INGRESS__HEADER_ALLOW_LIST_EXTRA: 'x-caller-id',
    ...env,
  })
  t.teardown(() => server.stop())
  await register(server.admin, service.uri)
  const ingressSocket = join(directory, 'test', 'ingress.sock')
  return { auth, service, server, places: () => ({ prefix: shortDirectory(t), ingressSocket, authPort: auth.port }) }
}

export const good = ['authorization', 'Bearer good-token']
export const json = ['content-type', 'application/json']

/** What every proxy in front of ingress does. `answersItself`: paths that are the proxy's own, or that it refuses. */
export function testProxy(
  t: Test,
  proxy: ReverseProxy,
  { service, server }: ProxiedIngress,
  answersItself: readonly string[] = [],
): void {
  t.test('401 without credentials, with the challenge of the authentication service, and nothing runs', async (t) => {
    const before = service.seen.length
    for (const headers of [
      [],
      ['authorization', 'Bearer bad-token'],
      ['x-caller-id', 'ada'],
      ['cookie', 'good-token'],
    ]) {
      const answer = await ask(proxy, '/Headers/look', { headers })
      t.equal(answer.status, 401, headers.join(' '))
      t.equal(answer.headers['www-authenticate'], 'Bearer realm="example"')
    }
    t.equal(service.seen.length, before)
  })

  t.test('200 with credentials; the handler learns who called, and nothing that proves it', async (t) => {
    const before = service.seen.length
    const answer = await ask(proxy, '/Headers/look', {
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
    t.strictSame(Object.fromEntries(service.seen.at(-1) ?? []), {
      'x-restate-ingress-path': '/Headers/look',
      'x-caller-id': 'ada',
      'x-request-id': 'r-1',
    })
  })

  t.test('who passes without a name has none, whatever he says', async (t) => {
    const headers = ['authorization', 'Bearer anonymous-token', 'x-caller-id', 'root', 'X-Caller-Id', 'root']
    t.equal((await ask(proxy, '/Headers/look', { headers })).status, 200)
    t.notMatch(JSON.stringify([...(service.seen.at(-1) ?? [])]), 'root')
  })

  t.test('bodies, keys and answers pass unchanged, and large ones not at all', async (t) => {
    const sent = await ask(proxy, '/Headers/look/send?delay=1ms', { headers: [...good] })
    t.equal(sent.status, 202)
    t.match(JSON.parse(sent.body), { status: 'Accepted', executionTime: /Z$/ })
    const waited = await ask(proxy, '/Headers/wait', { headers: [...good, ...json], body: '5' })
    t.strictSame([waited.status, waited.body], [200, '5'])
    const missing = await ask(proxy, '/Nope/a%2Fb/..%2f//x', { headers: [...good] })
    t.equal(missing.status, 404)
    t.equal(missing.headers['x-restate-error-source'], 'ingress')
    const body = 'x'.repeat(33 * 1024 * 1024)
    const tooLarge = await ask(proxy, '/Headers/wait', { headers: [...good, ...json], body })
      .then(({ status }) => status)
      .catch((error: NodeJS.ErrnoException) => error.code)
    t.ok([413, 'EPIPE', 'ECONNRESET'].includes(tooLarge ?? ''), String(tooLarge))
  })

  t.test('admin, fabric, the authentication service and the proxy’s own API are out of reach', async (t) => {
    const paths = ['/', '/deployments', '/services', '/query', '/version', '/health', '/metrics', '/ui/', '/config/']
    const tricks = ['//deployments', '/restate/../deployments', '/%2e%2e/deployments', '/oauth2/auth', '/_auth']
    for (const path of [...paths, ...tricks, '/invocations/inv_1']) {
      for (const method of ['GET', 'POST']) {
        const { status, headers, body } = await ask(proxy, path, { method, headers: [...good] })
        t.ok(status >= 400 && status < 500, `${method} ${path}: ${status}`)
        if (!answersItself.includes(path)) t.equal(headers['x-restate-error-source'], 'ingress', `${method} ${path}`)
        t.notMatch(body, /dp_1|perdure_|"deployments"|uri|"apps"/)
      }
    }
    for (const host of [new URL(server.admin).host, 'admin.sock']) {
      const socket = connectRaw(proxy)
      socket.write(
        `GET /deployments HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer good-token\r\nConnection: close\r\n\r\n`,
      )
      t.notMatch(await text(socket), /dp_1/)
    }
  })

  t.test('a header that trickles in holds no connection', { timeout: 60_000 }, async (t) => {
    const socket = connectRaw(proxy)
    socket.on('error', () => {})
    socket.write('POST /Headers/look HTTP/1.1\r\nHost: localhost\r\n')
    const drip = setInterval(() => socket.write('a: b\r\n'), 1000)
    const startedAt = performance.now()
    await text(socket).catch(() => '')
    clearInterval(drip)
    socket.destroy()
    t.ok(performance.now() - startedAt < 15_000, `${performance.now() - startedAt} ms`)
  })
}
