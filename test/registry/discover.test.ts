import type { IncomingHttpHeaders } from 'node:http2'
import t, { type Test } from 'tap'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { parseDeploymentUri } from '../../src/registry/deployment-uri.ts'
import { type Discovered, type DiscoveryOptions, discover } from '../../src/registry/discover.ts'
import { answerManifest, greeterManifest, h2c, http1, manifestV4, tcp } from './endpoints.ts'

const options: DiscoveryOptions = { dialer: { egress: new DefaultEgressPolicy() }, clusterName: 'test-cluster' }

function discoverAt(
  uri: string,
  more: { http11?: boolean; options?: Partial<DiscoveryOptions> } = {},
): Promise<Discovered> {
  const request = { url: parseDeploymentUri(uri), useHttp11: more.http11 === true, additionalHeaders: [] }
  return discover(request, { ...options, ...more.options })
}

t.test('the request, over HTTP/2 with prior knowledge', async (t) => {
  const seen: IncomingHttpHeaders[] = []
  const base = await h2c(t, (stream, headers) => {
    seen.push(headers)
    answerManifest(stream)
  })
  const discovered = await discover(
    {
      url: parseDeploymentUri(`${base}/prefix?tenant=7`),
      useHttp11: false,
      additionalHeaders: [
        ['authorization', 'Bearer abc'],
        ['x-default', 'own'],
      ],
    },
    {
      ...options,
      requestHeaders: [
        ['x-default', 'server'],
        ['x-other', '1'],
      ],
      sign: (path) => [['x-restate-jwt-v1', `signed ${path}`]],
    },
  )
  t.match(seen, [
    {
      ':method': 'GET',
      ':path': '/prefix/discover?tenant=7',
      accept: [1, 2, 3, 4].map((v) => `application/vnd.restate.endpointmanifest.v${v}+json`).join(', '),
      'x-restate-cluster-name': 'test-cluster',
      authorization: 'Bearer abc',
      'x-default': 'own',
      'x-other': '1',
      'x-restate-jwt-v1': 'signed /discover',
    },
  ])
  t.equal(discovered.httpVersion, 'HTTP/2.0')
  t.equal(discovered.sdkVersion, 'fake-sdk/1.0')
  t.match(discovered.manifest.services, [{ name: 'Greeter' }])
})

t.test('the request, over HTTP/1.1', async (t) => {
  const seen: unknown[] = []
  const base = await http1(t, (request, response) => {
    seen.push({ ...request.headers, url: request.url, method: request.method })
    response.writeHead(201, { 'content-type': manifestV4 }).end(JSON.stringify(greeterManifest))
  })
  const discovered = await discoverAt(`${base}/a/?b=c`, { http11: true })
  t.match(seen, [
    {
      method: 'GET',
      url: '/a/discover?b=c',
      host: base.slice('http://'.length),
      'x-restate-cluster-name': 'test-cluster',
    },
  ])
  t.equal(discovered.httpVersion, 'HTTP/1.1')
  t.equal(discovered.sdkVersion, undefined)
})

t.test('an HTTP/1.0 answer is told apart', async (t) => {
  const body = JSON.stringify(greeterManifest)
  const base = await tcp(t, (socket) => {
    socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\ncontent-type: ${manifestV4}\r\n\r\n${body}`))
  })
  t.equal((await discoverAt(base, { http11: true })).httpVersion, 'HTTP/1.0')
})

interface Failure {
  readonly what: string
  readonly open: (t: Test, attempt: () => void) => Promise<string>
  readonly http11?: boolean
  readonly options?: Partial<DiscoveryOptions>
  readonly code: string
  readonly restateCode: string | undefined
  readonly message: RegExp
  readonly attempts: number
}

const secret = 'TOP-SECRET-OF-ANOTHER-SYSTEM'

function status(code: number, headers: Record<string, string> = {}): Failure['open'] {
  return (t, attempt) =>
    h2c(t, (stream) => {
      attempt()
      stream.respond({ ':status': code, 'content-type': 'text/plain', ...headers })
      stream.end(secret)
    })
}

function body(contentType: string | undefined, text: string | Buffer): Failure['open'] {
  return (t, attempt) =>
    h2c(t, (stream) => {
      attempt()
      stream.respond({ ':status': 200, ...(contentType === undefined ? {} : { 'content-type': contentType }) })
      stream.end(text)
    })
}

function manifest(change: object): Failure['open'] {
  return body(manifestV4, JSON.stringify({ ...greeterManifest, ...change }))
}

const statusFailure = { code: 'PERDURE_ERR_REGISTRY_DISCOVERY_STATUS', restateCode: 'META0003' }
const unreachable = { code: 'PERDURE_ERR_REGISTRY_UNREACHABLE', restateCode: 'META0003' }
const badResponse = { code: 'PERDURE_ERR_REGISTRY_BAD_DISCOVERY_RESPONSE', restateCode: 'META0013' }
const undecodable = { code: 'PERDURE_ERR_PROTOCOL_MANIFEST_UNDECODABLE', restateCode: undefined }
const timeout = { code: 'PERDURE_ERR_REGISTRY_DISCOVERY_TIMEOUT', restateCode: 'META0003' }

const failures: readonly Failure[] = [
  ...[401, 403].map((s) => ({ what: `${s}`, open: status(s), ...statusFailure, message: /identityKeys/, attempts: 1 })),
  { what: '404', open: status(404), ...statusFailure, message: /status 404.*path/, attempts: 1 },
  {
    what: '404 over HTTP/1.1, body without end',
    http11: true,
    open: (t, attempt) =>
      http1(t, (_request, response) => {
        attempt()
        response.writeHead(404).write(secret)
      }),
    ...statusFailure,
    message: /status 404/,
    attempts: 1,
  },
  { what: '415', open: status(415), ...statusFailure, message: /status 415/, attempts: 1 },
  ...[408, 429, 500, 502, 503, 504].map((s) => ({
    what: `${s}`,
    open: status(s),
    ...statusFailure,
    message: new RegExp(`status ${s}`),
    attempts: 5,
  })),
  {
    what: 'HTML page',
    open: body('text/html; charset=utf-8', `<html>${secret}</html>`),
    ...badResponse,
    message: /web page/,
    attempts: 1,
  },
  {
    what: 'no content type',
    open: body(undefined, secret),
    ...badResponse,
    message: /without content type/,
    attempts: 1,
  },
  ...[`${manifestV4}; charset=utf-8`, manifestV4.toUpperCase(), manifestV4.replace('v4', 'v5')].map((contentType) => ({
    what: contentType,
    open: body(contentType, JSON.stringify(greeterManifest)),
    ...badResponse,
    message: /without parameters/,
    attempts: 1,
  })),
  { what: 'JSON of another kind', open: body('application/json', '{}'), ...badResponse, message: /SDK/, attempts: 1 },
  {
    what: 'oversized manifest',
    open: body(manifestV4, Buffer.alloc(8 * 1024 * 1024 + 1, ' ')),
    ...badResponse,
    message: /larger than 8388608 bytes/,
    attempts: 1,
  },
  { what: 'no JSON', open: body(manifestV4, secret), ...undecodable, message: /not JSON/, attempts: 1 },
  { what: 'empty', open: body(manifestV4, ''), ...undecodable, message: /not JSON/, attempts: 1 },
  { what: 'unknown field', open: manifest({ colour: 1 }), ...undecodable, message: /colour/, attempts: 1 },
  {
    what: 'wrong field',
    open: manifest({ services: [{ name: 'a', ty: 'SERVICE', handlers: [{ name: 'b', inactivityTimeout: 1.5 }] }] }),
    ...undecodable,
    message: /inactivityTimeout/,
    attempts: 1,
  },
  {
    what: 'no protocol mode',
    open: manifest({ protocolMode: undefined }),
    code: 'PERDURE_ERR_PROTOCOL_MANIFEST_INVALID',
    restateCode: 'META0013',
    message: /protocolMode/,
    attempts: 1,
  },
  {
    what: 'plain HTTP/1.1 server',
    open: (t) => http1(t, (_request, response) => response.end(secret)),
    code: 'PERDURE_ERR_REGISTRY_HTTP2_NOT_SPOKEN',
    restateCode: 'META0014',
    message: /use_http_11/,
    attempts: 0,
  },
  {
    what: 'HTTP/2-only server, asked in HTTP/1.1',
    http11: true,
    open: (t) => h2c(t, (stream) => answerManifest(stream)),
    ...unreachable,
    message: /without use_http_11/,
    attempts: 0,
  },
  {
    what: 'a server that closes at once',
    open: (t, attempt) =>
      tcp(t, (socket) => {
        attempt()
        socket.destroy()
      }),
    ...unreachable,
    message: /may not speak HTTP\/2/,
    attempts: 5,
  },
  {
    what: 'reset before the answer',
    http11: true,
    open: (t, attempt) =>
      tcp(t, (socket) => {
        attempt()
        socket.once('data', () => socket.resetAndDestroy())
      }),
    ...unreachable,
    message: /ECONNRESET/,
    attempts: 5,
  },
  {
    what: 'stream refused',
    open: (t, attempt) =>
      h2c(t, (stream) => {
        attempt()
        stream.close(7)
      }),
    ...unreachable,
    message: /closed the connection/,
    attempts: 5,
  },
  {
    what: 'HTTP/2 reset in mid-body',
    open: (t, attempt) =>
      h2c(t, (stream) => {
        attempt()
        stream.respond({ ':status': 200, 'content-type': manifestV4 })
        stream.write('{"protocolMode":', () => stream.destroy(new Error('crash')))
      }),
    ...unreachable,
    message: /broke off/,
    attempts: 5,
  },
  {
    what: 'HTTP/1.1 reset in mid-body',
    http11: true,
    open: (t, attempt) =>
      tcp(t, (socket) => {
        attempt()
        socket.once('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${manifestV4}\r\ncontent-length: 1000\r\n\r\n{`)
          setTimeout(() => socket.resetAndDestroy(), 20)
        })
      }),
    ...unreachable,
    message: /broke off/,
    attempts: 5,
  },
  {
    what: 'a server that says nothing',
    open: (t, attempt) => tcp(t, () => attempt()),
    options: { timeoutMs: 300 },
    ...timeout,
    message: /within 300 ms/,
    attempts: 1,
  },
  {
    what: 'a handler that hangs',
    open: (t, attempt) => h2c(t, () => attempt()),
    options: { timeoutMs: 300 },
    ...timeout,
    message: /within 300 ms/,
    attempts: 1,
  },
  {
    what: 'a body without end',
    open: (t, attempt) =>
      h2c(t, (stream) => {
        attempt()
        stream.respond({ ':status': 200, 'content-type': manifestV4 })
        stream.write('{')
      }),
    options: { timeoutMs: 300 },
    ...timeout,
    message: /within 300 ms/,
    attempts: 1,
  },
]

t.test('failures', { jobs: 16 }, async (t) => {
  for (const failure of failures) {
    t.test(failure.what, async (t) => {
      let attempts = 0
      const base = await failure.open(t, () => {
        attempts++
      })
      const { http11 = false, options = {} } = failure
      const error = await discoverAt(base, { http11, options }).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      t.match(error, { code: failure.code, status: 500, message: failure.message })
      t.match(error, { restateCode: failure.restateCode })
      t.notMatch(error, { message: new RegExp(secret) })
      t.equal(attempts, failure.attempts, 'attempts')
    })
  }
})

t.test('nothing listens', async (t) => {
  let base = ''
  await t.test('a port that was free a moment ago', async (t) => {
    base = await tcp(t, () => {})
  })
  const started = performance.now()
  await t.rejects(discoverAt(base), { ...unreachable, message: /ECONNREFUSED.*nothing listens there/ })
  const elapsedMs = performance.now() - started
  t.ok(elapsedMs > 1500 && elapsedMs < 30_000, 'four pauses of 100, 200, 400, 800 ms and some jitter')
})

t.test('a service that is just starting is waited for', async (t) => {
  let requests = 0
  const base = await h2c(t, (stream) => {
    if (++requests < 3) stream.respond({ ':status': 503 }, { endStream: true })
    else answerManifest(stream)
  })
  t.match((await discoverAt(base)).manifest, { services: [{ name: 'Greeter' }] })
  t.equal(requests, 3)
})

t.test('redirects are not followed', async (t) => {
  let visits = 0
  const target = await h2c(t, (stream) => {
    visits++
    answerManifest(stream)
  })
  for (const code of [301, 302, 303, 307, 308]) {
    let asked = 0
    const base = await status(code, { location: `${target}/discover` })(t, () => {
      asked++
    })
    await t.rejects(discoverAt(base), { ...statusFailure, message: /Redirects are not followed/ })
    t.equal(asked, 1)
  }
  t.equal(visits, 0)
})

t.test('the caller goes away', async (t) => {
  const reason = new Error('the client left')
  const caller = new AbortController()
  const closed = Promise.withResolvers<void>()
  const base = await h2c(t, (stream) => {
    stream.session?.once('close', () => closed.resolve())
    caller.abort(reason)
  })
  const request = { url: parseDeploymentUri(base), useHttp11: false, additionalHeaders: [], signal: caller.signal }
  await t.rejects(discover(request, options), reason)
  await closed.promise
  t.pass('the connection is closed')
})
