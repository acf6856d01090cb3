import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { frame, frameType, preface } from '../listen/http2-client.ts'
import { keepRunning } from './fake-partition.ts'
import { serverConfig, startIngress, type TestIngress } from './fixture.ts'

/** Sends bytes, and gives all that comes until the server closes; the request should say `connection: close`. */
async function raw(ingress: TestIngress, request: string | Buffer): Promise<string> {
  const socket = connect(ingress.port, '127.0.0.1')
  socket.write(request)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

function post(path: string, headers: readonly string[], body = ''): string {
  const lines = ['host: h', 'connection: close', `content-length: ${body.length}`, ...headers]
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

const json = 'content-type: application/json'

async function eventually(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${condition}`)
    await sleep(2)
  }
}

t.test('repeated headers on the wire', async (t) => {
  await using ingress = await startIngress(serverConfig({ headerAllowListExtra: ['x-*', 'cookie'] }))
  const request = post(
    '/Svc/echo',
    [
      json,
      'X-Dup: a',
      'x-dup:  b ',
      'Idempotency-Key: first',
      'idempotency-key: second',
      'Cookie: a=1',
      'cookie: b=2',
      'X-Restate-Ingress-Path: /evil',
    ],
    '1',
  )
  t.match(await raw(ingress, request), /^HTTP\/1\.1 200 OK\r\n/)
  t.equal(ingress.partition.last.idempotencyKey, 'first')
  t.strictSame(ingress.partition.last.headers, [
    ['x-restate-ingress-path', '/Svc/echo'],
    ['content-type', 'application/json'],
    ['x-dup', 'a, b'],
    ['cookie', 'a=1; b=2'],
  ])
})

t.test('the peer’s policy on the wire', async (t) => {
  await using ingress = await startIngress(
    serverConfig({ headerPolicy: 'restate-compatible', journalQueryString: true }),
  )
  const headers = [json, 'Authorization: Bearer x', 'X-Dup: a', 'X-Dup: b', 'TE: trailers', 'x-restate-foo: 1']
  await raw(ingress, post('//Svc/echo/?q=1', headers, '1'))
  t.strictSame(ingress.partition.last.headers, [
    ['x-restate-ingress-path', '/Svc/echo?q=1'],
    ['content-length', '1'],
    ['content-type', 'application/json'],
    ['authorization', 'Bearer x'],
    ['x-dup', 'a'],
    ['te', 'trailers'],
  ])
})

t.test('targets on the wire', async (t) => {
  await using ingress = await startIngress()
  const table: readonly (readonly [target: string, key: string])[] = [
    ['/Obj/%zz/add', '%zz'],
    ['/Obj/%/add', '%'],
    ['/Obj/../add', '..'],
    ['/Obj//add', ''],
    ['//Obj/a%2Fb/add//', 'a/b'],
    ['/Obj/a;b/add', 'a;b'],
    ['http://h/Obj/abs/add', 'abs'],
    [`/Obj/${'k'.repeat(8000)}/add`, 'k'.repeat(8000)],
  ]
  for (const [target, key] of table) {
    t.match(await raw(ingress, post(target, [json], '1')), /^HTTP\/1\.1 200 /, target.slice(0, 40))
    t.equal(ingress.partition.last.target.key, key)
  }
  t.match(await raw(ingress, post('/Obj/%ff/add', [json], '1')), /^HTTP\/1\.1 400 .*"source":"ingress"/s)
})

t.test('non-ASCII values: of dropped headers they may be, of others not', async (t) => {
  await using ingress = await startIngress()
  const bad = (header: string) => Buffer.from(post('/Svc/echo', [json, header], '1'), 'latin1')
  t.match(await raw(ingress, bad('x-unlisted: caf\u00e9')), /^HTTP\/1\.1 200 /)
  t.match(await raw(ingress, bad('user-agent: caf\u00e9')), /^HTTP\/1\.1 400 .*user-agent/s)
  t.match(await raw(ingress, bad('idempotency-key: caf\u00e9')), /^HTTP\/1\.1 400 .*idempotency-key/s)
  t.equal(ingress.partition.requests.length, 1)
})

t.test('470 has a reason phrase; 600 to 999 pass', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  await raw(ingress, post('/Wf/w/run/send', [json], '1'))
  const output = 'GET /restate/workflow/Wf/w/output HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n'
  t.match(await raw(ingress, output), /^HTTP\/1\.1 470 Not Ready\r\n/)
  ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code: 999, message: '' } })
  t.match(await raw(ingress, post('/Svc/echo', [json], '1')), /^HTTP\/1\.1 999 .*"code":999/s)
})

t.test('bodies: of GET, chunked, in pieces, exactly at the limit and one past it', async (t) => {
  await using ingress = await startIngress(serverConfig({ requestSizeLimitBytes: 1000 }))
  const get = `GET /Svc/echo HTTP/1.1\r\nhost: h\r\n${json}\r\nconnection: close\r\ncontent-length: 3\r\n\r\n"x"`
  t.match(await raw(ingress, get), /\r\n\r\n"x"$/)

  const chunked = (size: number) =>
    `POST /Svc/echo HTTP/1.1\r\nhost: h\r\n${json}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n` +
    `${size.toString(16)}\r\n${'y'.repeat(size)}\r\n0\r\n\r\n`
  t.match(await raw(ingress, chunked(1000)), /^HTTP\/1\.1 200 /)
  t.equal(ingress.partition.last.body.length, 1000)
  t.match(await raw(ingress, chunked(1001)), /^HTTP\/1\.1 413 .*x-restate-error-source: ingress.*"code":413/s)
  const declared = await raw(ingress, post('/Nope/x', [json], 'z'.repeat(1001)))
  t.match(declared, /^HTTP\/1\.1 413 .*x-restate-error-source: ingress.*"source":"ingress"/s)
  t.equal(ingress.partition.requests.length, 2)

  const socket = connect(ingress.port, '127.0.0.1')
  socket.write(post('/Svc/echo', [json], '"in pieces"').slice(0, -6))
  await sleep(20)
  socket.write('ieces"')
  t.match(await text(socket), /"in pieces"$/)
})

t.test('a body in the journal does not keep a read buffer alive', async (t) => {
  await using ingress = await startIngress()
  await raw(ingress, post('/Svc/echo', [json], '1'))
  t.ok(ingress.partition.last.body.buffer.byteLength <= 2)
  t.equal(Buffer.from(ingress.partition.last.body).toString(), '1')
})

t.test('errors before the body do not wait for it', async (t) => {
  await using ingress = await startIngress()
  const head = (path: string, length: number) =>
    `POST ${path} HTTP/1.1\r\nhost: h\r\n${json}\r\ncontent-length: ${length}\r\n\r\n`
  // A long rest is not read: the server closes.
  t.match(await raw(ingress, head('/Nope/x', 100_000)), /^HTTP\/1\.1 404 .*connection: close/s)
  // A short one is, and the connection lives on.
  const socket = connect(ingress.port, '127.0.0.1')
  socket.write(head('/Nope/x', 5))
  const [first] = await once(socket, 'data')
  t.match(String(first), /^HTTP\/1\.1 404 /)
  socket.write(`12345${post('/Svc/echo', [json], '1')}`)
  t.match(await text(socket), /^HTTP\/1\.1 200 /)
})

t.test('a caller that goes away stops waiting; the invocation goes on', async (t) => {
  await using ingress = await startIngress()
  ingress.partition.behaviour = keepRunning
  const socket = connect(ingress.port, '127.0.0.1')
  socket.write(post('/Svc/echo', [json, 'idempotency-key: k'], '1'))
  await eventually(() => ingress.partition.waitingCallers === 1)
  socket.destroy()
  await eventually(() => ingress.partition.waitingCallers === 0)
  t.equal(ingress.metrics.abandoned, 1)
  ingress.partition.complete(ingress.partition.last.id, { kind: 'value', value: Buffer.from('"late"') })
  t.match(await raw(ingress, post('/Svc/echo', [json, 'idempotency-key: k'], '2')), /"late"$/)
})

t.test('a caller that goes away during its body leaves nothing', async (t) => {
  await using ingress = await startIngress()
  const socket = connect(ingress.port, '127.0.0.1')
  socket.write(`POST /Svc/echo HTTP/1.1\r\nhost: h\r\n${json}\r\ncontent-length: 10\r\n\r\n12345`)
  await eventually(() => ingress.metrics.admitted === 1)
  socket.destroy()
  await eventually(() => ingress.metrics.abandoned === 1)

  const session = connectHttp2(ingress.url)
  const stream = session.request({ ':method': 'POST', ':path': '/Svc/echo', 'content-type': 'application/json' })
  stream.on('error', () => {})
  stream.write('12345')
  await eventually(() => ingress.metrics.admitted === 2)
  // Closing the stream alone would end the body first: Node's client does.
  session.destroy()
  await eventually(() => ingress.metrics.abandoned === 2)
  t.equal(ingress.partition.requests.length, 0)
})

t.test('a stream that is reset during its body leaves nothing', async (t) => {
  await using ingress = await startIngress()
  const text = (prefix: readonly number[], value: string) => [...prefix, value.length, ...Buffer.from(value)]
  const head = Buffer.from([
    ...[0x83, 0x86],
    ...text([0x04], '/Svc/echo'),
    ...text([0x01], 'h'),
    ...text([0x0f, 0x10], 'application/json'),
  ])
  const endHeaders = 4
  const cancel = Buffer.from([0, 0, 0, 8])
  const socket = connect(ingress.port, '127.0.0.1')
  socket.resume()
  socket.write(Buffer.concat([preface, frame(frameType.settings, 0, 0), frame(frameType.headers, endHeaders, 1, head)]))
  socket.write(frame(frameType.data, 0, 1, Buffer.from('"half')))
  await eventually(() => ingress.metrics.admitted === 1)
  socket.write(frame(frameType.rstStream, 0, 1, cancel))
  await eventually(() => ingress.metrics.abandoned === 1)
  socket.destroy()
  t.equal(ingress.partition.requests.length, 0)
})

interface Http2Reply {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

async function http2(
  ingress: TestIngress,
  headers: Record<string, string | string[]>,
  body?: string,
): Promise<Http2Reply> {
  const session = connectHttp2(ingress.url)
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const [responseHeaders] = await once(stream, 'response')
  const reply = { headers: responseHeaders, body: await text(stream) }
  session.close()
  return reply
}

t.test('HTTP/2', async (t) => {
  await using ingress = await startIngress(serverConfig({ headerAllowListExtra: ['x-*', 'cookie'] }))
  const call = { ':method': 'POST', ':path': '/restate/call/Obj/a%2Fb/add', 'content-type': 'application/json' }
  const first = await http2(
    ingress,
    { ...call, cookie: ['a=1', 'b=2'], 'x-dup': ['1', '2'], host: new URL(ingress.url).host },
    '"x"',
  )
  t.equal(first.headers[':status'], 200)
  t.equal(first.body, '"x"')
  t.equal(first.headers['x-restate-id'], ingress.partition.last.id)
  t.equal(ingress.partition.last.target.key, 'a/b')
  t.strictSame(
    new Map(ingress.partition.last.headers),
    new Map([
      ['x-restate-ingress-path', '/restate/call/Obj/a%2Fb/add'],
      ['content-type', 'application/json'],
      ['cookie', 'a=1; b=2'],
      ['x-dup', '1, 2'],
    ]),
  )

  t.equal((await http2(ingress, { ':path': '/Svc/echo' })).headers[':status'], 200)
  t.equal((await http2(ingress, { ':path': '/Obj/%zz/add' })).headers[':status'], 200)
  const unknown = await http2(ingress, { ':method': 'POST', ':path': '/Nope/x' }, 'y'.repeat(200_000))
  t.equal(unknown.headers[':status'], 404)
  t.match(unknown.body, /"source":"ingress"/)
  t.equal((await http2(ingress, { ':method': 'PATCH', ':path': '/Svc/echo' })).headers[':status'], 405)
  const poked = await http2(ingress, { ':method': 'POKE', ':path': '/Svc/echo' })
  t.equal(poked.headers['x-restate-error-source'], 'ingress', 'a method that Fastify does not know')

  ingress.partition.behaviour = () => ({ kind: 'failure', failure: { code: 600, message: '' } })
  const beyond = await http2(ingress, { ':path': '/Svc/echo' })
  t.equal(beyond.headers[':status'], 500, 'Node sends no such status over HTTP/2')
  t.match(beyond.body, /"code":600/)

  ingress.partition.behaviour = keepRunning
  const session = connectHttp2(ingress.url)
  const stream = session.request({ ':path': '/Svc/echo' })
  stream.on('error', () => {})
  await eventually(() => ingress.partition.waitingCallers === 1)
  stream.close(constants.NGHTTP2_CANCEL)
  await eventually(() => ingress.partition.waitingCallers === 0)
  session.close()
  t.pass('a stream that is reset stops waiting')
})

t.test('HTTP/2: an answer before the end of the body ends the upload', async (t) => {
  await using ingress = await startIngress()
  const session = connectHttp2(ingress.url)
  t.teardown(() => session.destroy())
  for (const [path, status] of [
    ['/Nope/x', 404],
    ['/Svc/echo', 413],
  ] as const) {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' })
    // Node's client does not close a stream that was reset without an error while it had something to write.
    const ended = once(stream, 'end')
    let body = ''
    stream.on('data', (chunk) => {
      body += String(chunk)
    })
    const answered = once(stream, 'response')
    // Without end.
    const upload = setInterval(() => stream.writable && stream.write(Buffer.alloc(64 * 1024)), 5)
    const [headers] = await answered
    await ended
    await eventually(() => stream.closed)
    clearInterval(upload)
    t.equal(headers[':status'], status)
    t.match(body, /"source":"ingress"/)
    t.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR)
    stream.destroy()
  }
  t.equal(ingress.partition.requests.length, 0)
})

t.test('limits of the listener are answered in the shape of ingress', async (t) => {
  await using ingress = await startIngress(serverConfig({ concurrentRequestsLimit: 1, maxHeaderCount: 5 }))
  ingress.partition.behaviour = keepRunning
  const socket = connect(ingress.port, '127.0.0.1')
  socket.write(post('/Svc/echo', [json], '1'))
  await eventually(() => ingress.partition.waitingCallers === 1)
  const refused = await raw(ingress, 'GET /restate/health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n')
  t.match(
    refused,
    /^HTTP\/1\.1 429 .*x-restate-error-source: ingress.*\{"code":429,"message":"[^"]+","source":"ingress"\}$/s,
  )
  socket.destroy()
  const many = ['a: 1', 'b: 1', 'c: 1', 'd: 1']
  t.match(await raw(ingress, post('/Svc/echo', many)), /^HTTP\/1\.1 431 .*"source":"ingress"/s)
})
