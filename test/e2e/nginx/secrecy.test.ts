import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { end, type Started, startNode } from '../../../examples/processes.ts'
import { register } from '../../harness/server-process.ts'
import { shortDirectory } from '../../harness/short-directory.ts'
import { RawClient } from '../../listen/fixture.ts'
import { ask, connectRaw, type ReverseProxy } from '../proxied-ingress.ts'
import { startAuthService } from './auth-service.ts'
import { startHeaderService } from './header-service.ts'
import { startNginx } from './nginx.ts'
import { query, reserved, sensitive, transport, unlisted } from './secret-headers.ts'

/**
 * Secrets of callers, in every header and form that they come in, directly and through nginx; then each is searched for, as bytes,
 * in everything that the server has written or answers. What is allowed must be found: it shows that the search finds.
 */
const root = join(import.meta.dirname, '../../..')

/** Values that occur nowhere else. */
class Markers {
  readonly #kind: string
  readonly values: string[] = []
  constructor(kind: string) {
    this.#kind = kind
  }
  next(): string {
    const value = `${this.#kind}${randomBytes(9).toString('hex')}`
    this.values.push(value)
    return value
  }
}

interface Server {
  readonly ingress: string
  readonly admin: string
  readonly fabric: string
  readonly directory: string
  /** Everything that the process has said since it is up. */
  output(): string
  stop(): Promise<void>
}

async function startServer(t: Test, env: Readonly<Record<string, string>>): Promise<Server> {
  const directory = shortDirectory(t)
  const started: Started = await startNode(
    [join(root, 'src/main.ts')],
    {
      RESTATE_BASE_DIR: directory,
      RESTATE_NODE_NAME: 'test',
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_LOG_FILTER: 'trace',
      RESTATE_LOG_FORMAT: 'json',
      ...env,
    },
    [/ingress +(http:\S+)/, /admin +(http:\S+)/, /fabric +(http:\S+)/],
  )
  const said: string[] = []
  for (const stream of [started.process.stdout, started.process.stderr])
    stream?.on('data', (chunk) => said.push(String(chunk)))
  t.teardown(() => end(started.process))
  const [ingress = '', admin = '', fabric = ''] = started.matches.map((match) => match[1])
  return { ingress, admin, fabric, directory, output: () => said.join(''), stop: () => end(started.process) }
}

/** All bytes below a directory, by file. */
function filesOf(directory: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && statSync(path).size > 0) files.set(path, readFileSync(path))
  }
  return files
}

function findings(places: ReadonlyMap<string, Buffer>, values: readonly string[]): string[] {
  const found: string[] = []
  for (const [place, bytes] of places) {
    for (const value of values) if (bytes.includes(value)) found.push(`${place}: ${value.slice(0, 12)}…`)
  }
  return found
}

async function jsonOf(url: string, init: RequestInit = {}): Promise<string> {
  return (
    await fetch(url, { ...init, headers: { accept: 'application/json', 'content-type': 'application/json' } })
  ).text()
}

/** Everything that admin and fabric show. */
async function shown(server: Server, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const places = new Map<string, Buffer>()
  const add = async (place: string, text: Promise<string>) => void places.set(place, Buffer.from(await text))
  for (const path of ['/services', '/deployments', '/services/Headers', '/services/Headers/openapi']) {
    await add(`admin ${path}`, jsonOf(server.admin + path))
  }
  for (const id of ids) {
    await add(`admin ${id}`, jsonOf(`${server.admin}/invocations/${id}`))
    await add(`admin ${id} journal`, jsonOf(`${server.admin}/invocations/${id}/journal`))
  }
  for (const table of ['sys_invocation', 'sys_journal', 'sys_inbox', 'state']) {
    const body = JSON.stringify({ query: `SELECT * FROM ${table}` })
    await add(`SQL ${table}`, jsonOf(`${server.admin}/query`, { method: 'POST', body }))
  }
  await add('metrics', jsonOf(`${server.fabric}/metrics`))
  await add('openapi', jsonOf(`${server.ingress}/openapi`))
  return places
}

/** Lists of this size pass, with the other headers of a request. */
function* batches(names: readonly string[], size = 18): Generator<readonly string[]> {
  for (let at = 0; at < names.length; at += size) yield names.slice(at, at + size)
}

const mixedCase = (name: string) =>
  name.replace(/[a-z]/g, (letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter))

/** Each name four times: as it is, in mixed case, and twice in another mixture. */
function fieldsOf(names: readonly string[], secrets: Markers): string[] {
  return names.flatMap((name) =>
    [name, mixedCase(name), name.toUpperCase(), name].flatMap((written) => [written, secrets.next()]),
  )
}

const secretPath = (secrets: Markers, path: string) =>
  `${path}${path.includes('?') ? '&' : '?'}${query.map((name) => `${name}=${secrets.next()}`).join('&')}`

interface Sent {
  readonly answers: string[]
  readonly ids: string[]
}

const all = [...sensitive, ...unlisted, ...reserved, ...transport]

function note(sent: Sent, answer: string): void {
  sent.answers.push(answer)
  const id = /inv_1[0-9A-Za-z]{33}/.exec(answer)?.[0]
  if (id !== undefined) sent.ids.push(id)
}

/** Straight to ingress over HTTP/1.1, by bytes, because clients do not send all of these. */
async function sendHttp1(server: Server, secrets: Markers, allowed: Markers, sent: Sent): Promise<void> {
  const port = Number(new URL(server.ingress).port)
  const paths = [
    '/Headers/look',
    '/Headers/look/send',
    '/restate/call/Headers/look',
    '/Nope/look',
    '/Headers/nope',
    '/',
    '/Headers/look?delay=x',
  ]
  const lists = [...batches(all)]
  const requests = [
    ...lists.map((names) => ({ path: '/Headers/look', names })),
    ...paths.map((path, index) => ({ path, names: lists[index % lists.length] ?? [] })),
  ]
  for (const { path, names } of requests) {
    const lines: string[] = []
    const fields = fieldsOf(names, secrets)
    for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`)
    lines.push(`x-request-id: ${allowed.next()}`, 'connection: close, x-hop', 'content-length: 0')
    const request = `POST ${secretPath(secrets, path)} HTTP/1.1\r\nhost: h\r\n${lines.join('\r\n')}\r\n\r\n`
    note(sent, await new RawClient(port).send(request).untilClosed())
  }
}

/** Node sends these once only. */
const singleValued = new Set(['authorization', 'proxy-authorization', 'from', 'referer', 'if-none-match'])

/** Straight to ingress, or to nginx, over HTTP/2: cookies in crumbs, repeated fields apart. */
async function sendHttp2(
  connection: { readonly url: string; readonly nginx?: ReverseProxy; readonly token?: string },
  secrets: Markers,
  allowed: Markers,
  sent: Sent,
): Promise<void> {
  const { url, nginx, token } = connection
  const session = connectHttp2(url, nginx === undefined ? {} : { createConnection: () => connectRaw(nginx, 'h2') })
  const forbidden = new Set(['keep-alive', 'proxy-connection', 'http2-settings', 'set-cookie', 'trailer'])
  const names = all.filter((name) => !forbidden.has(name) && (token === undefined || name !== 'authorization'))
  // nginx takes one authority, one cookie that it joins, and no repetition of a few.
  for (const batch of batches(names, 14)) {
    const headers: Record<string, string | string[]> = {
      ':method': 'POST',
      ':path': secretPath(secrets, '/Headers/look'),
      'x-request-id': allowed.next(),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    for (const name of batch) {
      const single = singleValued.has(name)
      const value = () => (name === 'cookie' ? `a=${secrets.next()}` : secrets.next())
      headers[name] = single || (nginx !== undefined && name !== 'cookie') ? value() : [value(), value(), value()]
    }
    const stream = session.request(headers)
    stream.end()
    const [response] = await once(stream, 'response')
    note(sent, `${JSON.stringify(response)}\n${await text(stream)}`)
  }
  session.close()
}

async function sendThroughNginx(
  nginx: ReverseProxy,
  token: string,
  secrets: Markers,
  allowed: Markers,
  sent: Sent,
): Promise<void> {
  const names = all.filter((name) => !['authorization', 'keep-alive', 'trailer'].includes(name))
  for (const batch of batches(names, 12)) {
    const headers = ['authorization', `Bearer ${token}`, 'x-request-id', allowed.next()]
    for (const name of batch) headers.push(name, secrets.next(), mixedCase(name), secrets.next())
    const { body, headers: answered } = await ask(nginx, secretPath(secrets, '/Headers/look'), { headers })
    note(sent, `${JSON.stringify(answered)}\n${body}`)
  }
}

t.test(
  'attack 29, 30: secrets of callers, in headers and query strings, are nowhere; what is allowed is there',
  async (t) => {
    const secrets = new Markers('s3')
    const allowed = new Markers('a1')
    const token = secrets.next()
    const auth = await startAuthService(t, { [token]: 'ada' })
    const service = await startHeaderService(t)
    const server = await startServer(t, { RESTATE_INGRESS__HEADER_ALLOW_LIST_EXTRA: 'x-tenant-*, x-caller-id' })
    await register(server.admin, service.uri)
    const nginx = await startNginx({
      prefix: shortDirectory(t),
      ingressSocket: join(server.directory, 'test', 'ingress.sock'),
      authPort: auth.port,
    })
    t.teardown(() => nginx.stop())

    const sent: Sent = { answers: [], ids: [] }
    await sendHttp1(server, secrets, allowed, sent)
    await sendHttp2({ url: server.ingress }, secrets, allowed, sent)
    await sendThroughNginx(nginx, token, secrets, allowed, sent)
    await sendHttp2({ url: 'https://localhost', nginx, token }, secrets, allowed, sent)
    // A name that a wildcard of the list matches, and that is sensitive all the same.
    const tenant = await fetch(`${server.ingress}/Headers/look`, {
      method: 'POST',
      headers: { 'x-tenant-token': secrets.next(), 'X-Tenant-Auth': secrets.next(), 'x-tenant-id': allowed.next() },
    })
    note(sent, JSON.stringify([...tenant.headers]))
    // A kept header whose value is refused: the error does not repeat it.
    const bad = `POST /Headers/look HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 0\r\nuser-agent: ${secrets.next()}\u00e9\r\n\r\n`
    note(sent, await new RawClient(Number(new URL(server.ingress).port)).send(Buffer.from(bad, 'latin1')).untilClosed())

    const names = new Set(all)
    t.ok(names.size >= 60, `${names.size} names`)
    t.ok(secrets.values.length > 600, `${secrets.values.length} secrets`)
    t.ok(sent.ids.length >= 20, `${sent.ids.length} invocations`)

    const handlers = JSON.stringify(service.seen.map((headers) => [...headers]))
    t.strictSame(findings(new Map([['handlers', Buffer.from(handlers)]]), secrets.values), [])
    t.ok(
      service.seen.every((headers) =>
        ['/Headers/look', '/restate/call/Headers/look', '/Headers/look/send'].includes(
          headers.get('x-restate-ingress-path') ?? '',
        ),
      ),
    )

    const places = await shown(server, sent.ids)
    places.set('answers', Buffer.from(sent.answers.join('\n')))
    places.set('log of nginx', readFileSync(join(nginx.prefix, 'logs/perdure.log')))
    const running = filesOf(server.directory)
    await server.stop()
    places.set('output', Buffer.from(server.output()))
    t.match(server.output(), /"level":"(trace|debug)"|listener-closed/)
    const stopped = filesOf(server.directory)
    t.ok(
      [...stopped.keys()].some((path) => path.endsWith('.db') || path.includes('log')),
      [...stopped.keys()].join(' '),
    )
    for (const files of [places, running, stopped]) t.strictSame(findings(files, secrets.values), [])

    // The search finds what is there: headers that are allowed, of each way.
    const kept = allowed.values.filter((value) => handlers.includes(value))
    t.ok(kept.length >= 20, `${kept.length} of ${allowed.values.length} allowed values reached handlers`)
    for (const value of kept) t.ok(findings(stopped, [value]).length > 0, 'an allowed value is in the data directory')
    t.ok(findings(places, kept).some((place) => place.includes('journal')))
    t.match(String(places.get('SQL sys_invocation')), /inv_1/)
  },
)

t.test('neither are API keys that ingress itself checks, good ones or bad ones', async (t) => {
  const secrets = new Markers('s3')
  const service = await startHeaderService(t)
  const key = secrets.next()
  const hash = createHash('sha256').update(key).digest('hex')
  const server = await startServer(t, {
    RESTATE_INGRESS__HEADER_ALLOW_LIST: '*',
    RESTATE_INGRESS__HEADER_POLICY: 'restate-compatible',
    RESTATE_INGRESS__AUTH__API_KEYS: `{ ada = "sha256:${hash}" }`,
    RESTATE_INGRESS__AUTH__API_KEY_HEADERS: 'authorization, x-team',
    RESTATE_INGRESS__AUTH__SUBJECT_HEADER: 'x-caller-id',
  })
  await register(server.admin, service.uri)
  const answers: string[] = []
  const call = async (headers: Record<string, string>) => {
    const response = await fetch(`${server.ingress}/Headers/look`, { method: 'POST', headers })
    answers.push(JSON.stringify([...response.headers]), await response.text())
    return response.status
  }
  t.equal(await call({ authorization: `Bearer ${key}`, 'x-caller-id': secrets.next(), 'x-plain': 'plain-value' }), 200)
  t.equal(await call({ 'X-Team': key }), 200)
  t.equal(await call({ 'x-team': secrets.next() }), 401)
  t.equal(await call({ authorization: `Bearer ${secrets.next()}` }), 401)
  t.equal(await call({ authorization: `Basic ${secrets.next()}` }), 401)
  t.equal(service.seen.length, 2)
  t.equal(service.seen[0]?.get('x-caller-id'), 'ada')
  const places = await shown(server, [])
  await server.stop()
  places.set('output', Buffer.from(server.output()))
  places.set('answers', Buffer.from(answers.join('\n')))
  const files = filesOf(server.directory)
  for (const found of [places, files]) t.strictSame(findings(found, secrets.values), [])
  t.ok(findings(files, ['plain-value']).length > 0)
})
