import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http2'
import { gzipSync } from 'node:zlib'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { register } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { listenOnLoopback } from '../ingress/loopback.ts'
import { exchange } from '../listen/fixture.ts'

/** Attacks through ingress on what a call carries, against a server with the addresses that it has by default. */
const seen: { readonly key: string; readonly headers: Map<string, string> }[] = []
const vault = restate.object({
  name: 'Vault',
  handlers: {
    look: async (ctx: restate.ObjectContext) => {
      seen.push({ key: ctx.key, headers: new Map(ctx.request().headers) })
      return ctx.key
    },
  },
})
const plain = restate.service({
  name: 'Plain',
  handlers: {
    look: async (ctx: restate.Context) => {
      seen.push({ key: '', headers: new Map(ctx.request().headers) })
    },
    bytes: restate.handlers.handler(
      { input: restate.serde.binary, output: restate.serde.binary },
      async (_ctx: restate.Context, body: Uint8Array) => body,
    ),
  },
})
const services = createServer(restate.createEndpointHandler({ services: [vault, plain], logger: () => {} }))
const servicePort = await listenOnLoopback(services)
t.teardown(() => services.close())

const directory = shortDirectory(t)
const started = await startNode(
  [`${import.meta.dirname}/../../src/main.ts`],
  {
    RESTATE_BASE_DIR: directory,
    RESTATE_NODE_NAME: 'test',
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_INGRESS__BIND_IP: '127.0.0.1',
    RESTATE_INGRESS__HEADER_ALLOW_LIST: '*',
    RESTATE_INGRESS__CORS__ALLOWED_ORIGINS: 'https://good.example',
    RESTATE_LOG_FILTER: 'warn',
  },
  [/ingress +(http:\S+)/, /admin +(http:\S+)/, /fabric +(http:\S+)/],
)
t.teardown(() => end(started.process))
const [ingress = '', admin = '', fabric = ''] = started.matches.map((match) => match[1])
await register(admin, `http://127.0.0.1:${servicePort}`)
const ingressPort = Number(new URL(ingress).port)

/** As bytes: clients tidy paths up. */
async function post(path: string): Promise<{ readonly status: number; readonly text: string }> {
  const text = await exchange(
    ingressPort,
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  )
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text: text.slice(text.indexOf('\r\n\r\n') + 4) }
}

async function sql(query: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }> {
  const response = await fetch(`${admin}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as { rows: Record<string, unknown>[] }
}

const names = () =>
  readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => !/\d{6}|\.(db|sock)|-wal|-shm/.test(name))
    .sort()

t.test('attack 15: a key is a text, whatever it looks like, and no path of a file follows from it', async (t) => {
  const before = names()
  const keys: readonly (readonly [path: string, key: string])[] = [
    ['..%2f..%2fadmin', '../../admin'],
    ['%2e%2e', '..'],
    ['..', '..'],
    ['a%00b', 'a\0b'],
    ['a%2Fb', 'a/b'],
    ['a%252Fb', 'a%2Fb'],
    ['', ''],
  ]
  for (const [path, key] of keys) {
    const answer = await post(`/Vault/${path}/look`)
    t.strictSame([answer.status, JSON.parse(answer.text)], [200, key], path)
    t.equal(seen.at(-1)?.key, key)
  }
  const { rows } = await sql(`SELECT target_service_key FROM sys_invocation WHERE target_service_name = 'Vault'`)
  t.strictSame(
    new Set(rows.map((row) => row.target_service_key)),
    new Set(keys.map(([, key]) => key)),
    'stored as it is',
  )
  t.strictSame(names(), before, 'no file is named after a key')
})

t.test('attack 16: a key that is no UTF-8 is 400', async (t) => {
  const before = seen.length
  for (const key of ['%ff', 'a%C3', '%C0%AF', '%ED%A0%80']) {
    const { status, text } = await post(`/Vault/${key}/look`)
    t.equal(status, 400, key)
    t.match(JSON.parse(text), { code: 400, source: 'ingress' })
  }
  t.equal(seen.length, before)
})

t.test('attack 17: SQL in keys and names is text for /query', async (t) => {
  const key = `x'; DROP TABLE sys_invocation; --`
  t.equal((await post(`/Vault/${encodeURIComponent(key)}/look`)).status, 200)
  t.equal((await post(`/${encodeURIComponent(`Vault' OR 1=1 --`)}/look`)).status, 404)
  const quoted = key.replaceAll("'", "''")
  const { rows } = await sql(`SELECT target_service_key FROM sys_invocation WHERE target_service_key = '${quoted}'`)
  t.strictSame(rows, [{ target_service_key: key }])
  t.ok((await sql('SELECT id FROM sys_invocation')).rows.length > 1)
})

t.test('attack 18: nothing of admin and fabric is at ingress', async (t) => {
  const paths = [
    '/deployments',
    '/query',
    '/ui',
    '/ui/',
    '/metrics',
    '/health',
    '/version',
    '/services/Vault',
    '/%2e%2e/query',
  ]
  for (const path of [...paths, '/restate/deployments', '//query', '/v3/deployments', '/invocations/x/kill']) {
    const { status, text } = await post(path)
    t.ok(status === 400 || status === 404, `${path}: ${status}`)
    t.match(JSON.parse(text), { code: status, source: 'ingress' })
    const got = await fetch(ingress + path)
    t.ok(got.status === 400 || got.status === 404, `GET ${path}`)
    t.match(await got.json(), { source: 'ingress' })
  }
})

t.test('attack 19: metrics and admin are bound to loopback, and refuse connections at other addresses', async (t) => {
  const sockets = readFileSync(`/proc/${started.process.pid}/net/tcp`, 'utf8')
  for (const url of [fabric, admin]) {
    const { hostname, port } = new URL(url)
    t.equal(hostname, '127.0.0.1')
    const inHex = Number(port).toString(16).toUpperCase().padStart(4, '0')
    const listening = sockets.split('\n').filter((line) => line.includes(`:${inHex} 00000000:0000 0A`))
    t.equal(listening.length, 1)
    t.match(listening[0], `0100007F:${inHex}`, 'this address alone')
    // Another address of this machine's own loopback stands for all others: nothing is sent anywhere.
    await t.rejects(fetch(`http://127.0.0.2:${port}/health`, { signal: AbortSignal.timeout(2000) }), {
      cause: { code: 'ECONNREFUSED' },
    })
  }
})

t.test('attack 25: a page of an origin that nobody named gets no leave, with credentials or without', async (t) => {
  const headers = { origin: 'https://evil.example', cookie: 'session=1' }
  const preflight = { ...headers, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' }
  for (const answer of [
    await fetch(`${ingress}/Plain/look`, { method: 'POST', headers }),
    await fetch(`${ingress}/Plain/look`, { method: 'OPTIONS', headers: preflight }),
    await fetch(`${ingress}/restate/health`, { headers: { ...headers, origin: 'null' } }),
  ]) {
    t.notOk([...answer.headers.keys()].some((name) => name.startsWith('access-control-')))
  }
  const good = await fetch(`${ingress}/restate/health`, { headers: { origin: 'https://good.example' } })
  t.equal(good.headers.get('access-control-allow-origin'), 'https://good.example')
})

t.test('attack 31: forged headers of the server are dropped, with every header allowed', async (t) => {
  const forged = {
    'x-restate-ingress-path': '/forged',
    'X-Restate-Jwt-V1': 'eyJhbGciOiJub25lIn0.e30.',
    'x-restate-signature-scheme': 'v1',
    'x-restate-id': 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz',
    'x-restate-invocation-id': 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz',
    'x-restate-anything': '1',
  }
  const answer = await fetch(`${ingress}/Plain/look`, { method: 'POST', headers: { ...forged, 'x-plain': '1' } })
  t.equal(answer.status, 200)
  t.not(answer.headers.get('x-restate-id'), forged['x-restate-id'])
  const headers = seen.at(-1)?.headers ?? new Map<string, string>()
  t.equal(headers.get('x-plain'), '1')
  t.strictSame(
    [...headers].filter(([name]) => name.startsWith('x-restate-')),
    [['x-restate-ingress-path', '/Plain/look']],
  )
})

t.test('attack 32: a deployment cannot be given headers that are the server’s own', async (t) => {
  const listed = (await (await fetch(`${admin}/deployments`)).json()) as { deployments: { id: string }[] }
  const id = listed.deployments[0]?.id
  for (const name of ['x-restate-id', 'X-Restate-Jwt-V1', 'x-serverless-authorization', 'content-type', 'host']) {
    const answer = await fetch(`${admin}/deployments/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ additional_headers: { [name]: 'x' } }),
    })
    t.equal(answer.status, 400, name)
    await answer.text()
  }
})

t.test('attack 40: a compressed body is bytes: it is not taken apart', async (t) => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  for (const encoding of ['gzip', 'zstd', 'br']) {
    const answer = await fetch(`${ingress}/Plain/bytes`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', 'content-encoding': encoding },
      body: bomb,
    })
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('content-encoding'), null)
    t.ok(Buffer.from(await answer.arrayBuffer()).equals(bomb), encoding)
  }
})
