import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { FormatError } from '../../src/listen/error-answer.ts'
import { createListener } from '../../src/listen/listener.ts'
import { captureLog, eventually, exchange, RawClient, startListener, testConfig } from './fixture.ts'
import {
  frame,
  frameType,
  getRoot,
  goawayCode,
  Http2Client,
  parseFrames,
  postRoot,
  preface,
  tellsReasons,
} from './http2-client.ts'

const get = (headers: string) => `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`

t.test('header count: the limit passes and one more is 431, on both protocols', async (t) => {
  const { listener, port, handled } = await startListener({ maxHeaderCount: 20 })
  t.teardown(() => listener.close(0))
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `h${i}: v\r\n`).join('')
  t.match(await exchange(port, get(fields(18))), /^HTTP\/1\.1 200 /, 'host and connection count too')
  const refused = await exchange(port, get(fields(19)))
  t.match(refused, /^HTTP\/1\.1 431 /)
  t.match(refused, '{"code":431,"message":"the request has more than 20 headers"}')
  t.match(await exchange(port, get(fields(500))), /^HTTP\/1\.1 431 /)

  using client = new Http2Client(port)
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, 'v']))
  t.equal((await client.request({ ':path': '/', ...many(20) })).status, 200, 'pseudo headers do not count')
  t.equal((await client.request({ ':path': '/', ...many(21) })).status, 431)
  t.equal(handled.length, 2)
  t.equal(listener.stats.refused[431], 3)
})

t.test('header bytes: the limit passes and one more is 431, on both protocols', async (t) => {
  const { listener, port, handled } = await startListener({ maxHeaderBytes: 2000 })
  t.teardown(() => listener.close(0))
  // HTTP/1 counts target, names and values.
  const fixedBytes = '/Hostx'.length + 'Connectionclose'.length + 'a'.length
  t.match(await exchange(port, get(`a: ${'v'.repeat(2000 - fixedBytes)}\r\n`)), /^HTTP\/1\.1 200 /)
  const refused = await exchange(port, get(`a: ${'v'.repeat(2001 - fixedBytes)}\r\n`))
  t.match(refused, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  t.match(refused, '{"code":431,"message":"the request headers have more than 2000 bytes"}')
  t.match(await exchange(port, get(`a: ${'v'.repeat(60_000)}\r\n`)), /^HTTP\/1\.1 431 /)

  using client = new Http2Client(port)
  // HTTP/2 counts names, values and 32 a field: :method GET, :path /, :scheme http, :authority localhost, a.
  const fields2Bytes = 7 + 3 + 5 + 1 + 7 + 4 + 10 + 9 + 1 + 5 * 32
  t.equal(
    (await client.request({ ':path': '/', ':authority': 'localhost', a: 'v'.repeat(2000 - fields2Bytes) })).status,
    200,
  )
  t.equal(
    (await client.request({ ':path': '/', ':authority': 'localhost', a: 'v'.repeat(2001 - fields2Bytes) })).status,
    431,
  )
  await t.rejects(client.request({ ':path': '/', a: 'v'.repeat(5000) }), 'far beyond it the stream is reset')
  t.equal(handled.length, 2)
})

t.test('endless HTTP/2 header blocks close the connection', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  const client = new RawClient(port).send(
    Buffer.concat([preface, frame(frameType.settings, 0, 0), frame(frameType.headers, 0, 1, getRoot)]),
  )
  const more = frame(frameType.continuation, 0, 1, Buffer.alloc(8000, 0x82))
  for (let i = 0; i < 50 && !client.isClosed; i++) {
    client.send(more)
    await sleep(1)
  }
  await client.untilClosed()
  t.same(handled, [])
  t.equal(listener.stats.sessionErrors, 1)
})

t.test('body size: the limit passes and one more is 413, declared, streamed and over HTTP/2', async (t) => {
  const { listener, port, handled } = await startListener({ requestSizeLimitBytes: 1000 })
  t.teardown(() => listener.close(0))
  const declared = (bytes: number) =>
    exchange(
      port,
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n${'b'.repeat(bytes)}`,
    )
  const chunked = (bytes: number) =>
    exchange(
      port,
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'b'.repeat(bytes)}\r\n0\r\n\r\n`,
    )
  for (const send of [declared, chunked]) {
    t.match(await send(1000), '"bytes":1000')
    const refused = await send(1001)
    t.match(refused, /^HTTP\/1\.1 413 /)
    t.match(refused, '{"code":413,"message":"the request body has more than 1000 bytes"}')
  }
  using client = new Http2Client(port)
  for (const headers of [{}, { 'content-length': 1001 }]) {
    const answer = await client.request({ ':method': 'POST', ':path': '/', ...headers }, 'b'.repeat(1001))
    t.equal(answer.status, 413)
  }
  t.equal((await client.request({ ':method': 'POST', ':path': '/' }, 'b'.repeat(1000))).status, 200)
  t.equal(handled.length, 3)
  t.equal(listener.stats.refused[413], 4)
})

t.test('a sender of a much too large body gets to read the 413', async (t) => {
  const { listener, port } = await startListener({ requestSizeLimitBytes: 1000 })
  t.teardown(() => listener.close(0))
  const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n')
  client.socket.removeAllListeners('end')
  for (let i = 0; i < 20; i++) {
    client.send(Buffer.alloc(100_000))
    await sleep(2)
  }
  await client.until(/^HTTP\/1\.1 413 /)
  t.notOk(client.isClosed, 'no reset while the body is still coming')
  client.socket.end()
  await eventually(() => listener.stats.connections === 0)
})

t.test('formatError shapes the errors of parser, checks and Fastify alike', async (t) => {
  const formatError: FormatError = (code, message) => ({
    headers: { 'content-type': 'application/json', 'x-source': 'ingress' },
    body: JSON.stringify({ code, message, source: 'ingress' }),
  })
  const { listener, port } = await startListener(
    { maxHeaderBytes: 500, requestSizeLimitBytes: 5 },
    { formatError, rawBody: true },
  )
  t.teardown(() => listener.close(0))
  const expectShape = (text: string, status: number) => {
    t.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
    t.match(text, /x-source: ingress/i)
    t.match(text, new RegExp(`{"code":${status},"message":"[^"]+","source":"ingress"}$`))
  }
  expectShape(await exchange(port, get(`a: ${'v'.repeat(600)}\r\n`)), 431)
  expectShape(await exchange(port, 'GET / HTTP/1.1\r\n\r\n'), 400)
  expectShape(await exchange(port, 'no http at all\r\n\r\n'), 400)
  const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n'
  expectShape(await exchange(port, chunked), 413)
  expectShape(await exchange(port, 'GET /%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), 400)
})

t.test('connections over the limit are closed at once, and a place that is free again is given', async (t) => {
  const { listener, port, lines } = await startListener({ maxConnections: 2 })
  t.teardown(() => listener.close(0))
  const held = [new RawClient(port), new RawClient(port)]
  await eventually(() => listener.stats.connections === 2)
  t.equal(await exchange(port, get('')), '')
  t.equal(await exchange(port, get('')), '')
  t.equal(listener.stats.connectionsRefused, 2)
  t.equal(lines.filter((line) => line.includes('connections-refused')).length, 1, 'one log line, not one each')
  held[0]?.close()
  await eventually(() => listener.stats.connections === 1)
  t.match(await exchange(port, get('')), /^HTTP\/1\.1 200 /)
})

t.test('requests in progress: the limit passes and one more is 429, and it frees itself', async (t) => {
  const { listener, port, release } = await startListener({ concurrentRequestsLimit: 2 })
  t.teardown(() => listener.close(0))
  const slow = [new RawClient(port), new RawClient(port)]
  for (const client of slow) client.send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => listener.stats.requestsInProgress === 2)
  const refused = await exchange(port, get(''))
  t.match(refused, /^HTTP\/1\.1 429 /)
  t.match(refused, '"message":"too many requests, the ingress is overloaded. Retry later."')
  using client = new Http2Client(port)
  t.equal((await client.request({ ':path': '/' })).status, 429)
  release()
  for (const each of slow) t.match(await each.until(/"url"/), /^HTTP\/1\.1 200 /)
  await eventually(() => listener.stats.requestsInProgress === 0)
  t.equal((await client.request({ ':path': '/' })).status, 200)

  // A connection that goes away with requests queued behind one another gives all their places back.
  slow[0]?.send('GET /held HTTP/1.1\r\nHost: x\r\n\r\nGET /held HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => listener.stats.requestsInProgress === 2)
  slow[0]?.close()
  await eventually(() => listener.stats.requestsInProgress === 0)
  release()
  await sleep(50)
  t.equal(listener.stats.requestsInProgress, 0)
  slow[1]?.close()
})

t.test('an HTTP/2 stream that its client closes in the middle of the answer gives its place back', async (t) => {
  for (const code of [8, 0]) {
    const config = testConfig({ concurrentRequestsLimit: 1, idleTimeoutMs: 200 })
    const listener = createListener('ingress', config, captureLog().log)
    t.teardown(() => listener.close(0))
    listener.app.get('/', async () => Buffer.alloc(1_000_000))
    const [address] = await listener.start()
    // A window of nothing: the answer cannot be sent.
    const noWindow = frame(frameType.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]))
    const client = new RawClient(address?.kind === 'tcp' ? address.port : 0)
    client.send(Buffer.concat([preface, noWindow, frame(frameType.headers, 5, 1, getRoot)]))
    await eventually(() => parseFrames(client.bytes).some(({ type }) => type === frameType.headers))
    t.equal(listener.stats.requestsInProgress, 1)
    client.send(frame(frameType.rstStream, 0, 1, Buffer.from([0, 0, 0, code])))
    await eventually(() => listener.stats.requestsInProgress === 0)
    await eventually(() => listener.stats.connections === 0)
    t.pass(`error code ${code}; and with nothing open it is idle`)
  }
})

t.test('HTTP/2 streams: the limit passes, and one more ends the session', async (t) => {
  const { listener, port, handled } = await startListener({ http2MaxConcurrentStreams: 3 })
  t.teardown(() => listener.close(0))
  const client = new RawClient(port).send(Buffer.concat([preface, frame(frameType.settings, 0, 0)]))
  await eventually(() => parseFrames(client.bytes).some(({ type }) => type === frameType.settings))
  client.send(frame(frameType.settings, 1, 0))
  // POST without an end: the streams stay open.
  const open = (id: number) => frame(frameType.headers, 4, id, postRoot)
  client.send(Buffer.concat([open(1), open(3), open(5)]))
  await eventually(() => listener.stats.requests === 3)
  t.equal(goawayCode(client.bytes), undefined)
  client.send(open(7))
  await client.untilClosed()
  t.ok(goawayCode(client.bytes), 'GOAWAY with an error')
  t.equal(listener.stats.requests, 3)
  t.same(handled, [])
})

t.test('rapid reset: the burst passes, what is far beyond ends the session, and others go on', async (t) => {
  const { listener, port, handled } = await startListener({ http2MaxConcurrentStreams: 100 })
  t.teardown(() => listener.close(0))
  const burst = (client: RawClient, first: number, count: number) => {
    const frames: Buffer[] = []
    for (let i = 0; i < count; i++) {
      const id = first + 2 * i
      frames.push(
        frame(frameType.headers, 5, id, getRoot),
        frame(frameType.rstStream, 0, id, Buffer.from([0, 0, 0, 8])),
      )
    }
    client.send(Buffer.concat(frames))
  }
  const fair = new RawClient(port).send(Buffer.concat([preface, frame(frameType.settings, 0, 0)]))
  burst(fair, 1, 90)
  await sleep(100)
  t.equal(goawayCode(fair.bytes), undefined)
  t.notOk(fair.isClosed)
  fair.close()

  const before = handled.length
  const attacker = new RawClient(port).send(Buffer.concat([preface, frame(frameType.settings, 0, 0)]))
  for (let i = 0; i < 20 && !attacker.isClosed; i++) {
    burst(attacker, 1 + i * 200, 100)
    await sleep(1)
  }
  await attacker.untilClosed()
  if (tellsReasons) t.ok(goawayCode(attacker.bytes), 'GOAWAY with an error')
  else t.type(goawayCode(attacker.bytes), 'number', 'GOAWAY')
  t.ok(handled.length - before < 400, `${handled.length - before} of 2000 were handled`)
  t.match(await exchange(port, get('')), /^HTTP\/1\.1 200 /)
})
