import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { eventually, exchange, RawClient, startListener, temporaryDirectory } from './fixture.ts'
import { frame, frameType, Http2Client, postRoot, preface } from './http2-client.ts'

t.test('HTTP/1.1 and prior-knowledge HTTP/2 share the TCP port and the Unix socket', async (t) => {
  const directory = await temporaryDirectory(t)
  const unixSocketPath = join(directory, 'ingress.sock')
  const { listener, port } = await startListener({ listenMode: 'all', unixSocketPath })
  t.teardown(() => listener.close(0))

  for (const target of [port, unixSocketPath]) {
    const http1 = await exchange(
      target,
      'POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
    )
    t.match(http1, /^HTTP\/1\.1 200 /)
    t.match(http1, '{"version":"1.1","method":"POST","url":"/a","bytes":3}')
    using client = new Http2Client(target)
    const http2 = await client.request({ ':method': 'POST', ':path': '/b', 'content-type': 'x/y' }, 'abcd')
    t.equal(http2.status, 200)
    t.same(JSON.parse(http2.body), { version: '2.0', method: 'POST', url: '/b', bytes: 4 })
  }
})

t.test('a preface that comes byte by byte is HTTP/2, and a word that starts like it is HTTP/1', async (t) => {
  const { listener, port } = await startListener()
  t.teardown(() => listener.close(0))
  const byByte = new RawClient(port)
  byByte.socket.setNoDelay(true)
  for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0') {
    byByte.send(Buffer.from(byte, 'latin1'))
    await sleep(1)
  }
  await eventually(() => byByte.bytes.length >= 9)
  t.equal(byByte.bytes[3], 4, 'the answer is a SETTINGS frame')
  byByte.close()

  const split = new RawClient(port).send('P')
  await sleep(20)
  split.send('UT /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  t.match(await split.untilClosed(), /^HTTP\/1\.1 200 /)
})

t.test('pipelined requests are answered in order', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  const text = await exchange(
    port,
    'GET /slow/50 HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  t.same(handled, ['/slow/50', '/second'])
  t.match(text, /"url":"\/slow\/50"[\s\S]*"url":"\/second"/)
})

t.test('raw bodies: any type, no type, GET, malformed JSON, and none', async (t) => {
  const { listener, port } = await startListener()
  t.teardown(() => listener.close(0))
  const send = (head: string, body: string) =>
    exchange(port, `${head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  t.match(await send('POST /', 'abc'), '"bytes":3')
  t.match(await send('GET /', 'abc'), '"bytes":3')
  const json =
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{'
  t.match(await exchange(port, json), '"bytes":1')
  t.match(await send('POST /', ''), '"url":"/"}')

  using client = new Http2Client(port)
  const untyped = await client.request({ ':method': 'POST', ':path': '/' }, 'abcde')
  t.equal(JSON.parse(untyped.body).bytes, 5, 'HTTP/2 without content type and length')
  const get = await client.request({ ':method': 'GET', ':path': '/' }, 'abcdef')
  t.equal(JSON.parse(get.body).bytes, 6)
})

t.test('without rawBody JSON is parsed, and text or untyped bodies are 415', async (t) => {
  const { listener, port } = await startListener({}, {})
  t.teardown(() => listener.close(0))
  const send = (type: string, body: string) =>
    exchange(
      port,
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`,
    )
  t.match(await send('Content-Type: application/json\r\n', '{}'), /^HTTP\/1\.1 200 /)
  t.match(await send('Content-Type: application/json\r\n', '{'), /^HTTP\/1\.1 400 /)
  t.match(await send('Content-Type: text/plain\r\n', '{}'), /^HTTP\/1\.1 415 /)
  t.match(await send('', '{}'), /^HTTP\/1\.1 415 /)
})

t.test('Expect: 100-continue is answered, unless the declared body is too large', async (t) => {
  const { listener, port, handled } = await startListener({ requestSizeLimitBytes: 10 })
  t.teardown(() => listener.close(0))
  const head = 'POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n'
  const client = new RawClient(port).send(`${head}Content-Length: 2\r\n\r\n`)
  await client.until(/100 Continue/)
  client.send('ab')
  t.match(await client.untilClosed(), '"bytes":2')
  t.same(handled, ['/x'])

  const tooLarge = await exchange(port, `${head}Content-Length: 11\r\n\r\n`)
  t.match(tooLarge, /^HTTP\/1\.1 413 /)
  t.same(handled, ['/x'])
})

t.test('CONNECT is refused, with an answer', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  const text = await exchange(port, 'CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t.match(text, /^HTTP\/1\.1 405 Method Not Allowed\r\n[\s\S]*connection: close[\s\S]*"code":405/)
  t.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
  await eventually(() => listener.stats.connections === 0)
  t.same(handled, [])
})

t.test('other expectations are not answered, and do not pass the limits', async (t) => {
  const { listener, port, handled } = await startListener({ requestSizeLimitBytes: 10 })
  t.teardown(() => listener.close(0))
  const head = (length: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: fireworks\r\nContent-Length: ${length}\r\n\r\n`
  t.match(await exchange(port, `${head(1)}1`), /^HTTP\/1\.1 200 [\s\S]*"bytes":1/)
  t.match(await exchange(port, head(11)), /^HTTP\/1\.1 413 /)
  using session = new Http2Client(port)
  t.equal((await session.request({ ':method': 'POST', ':path': '/h2', expect: 'fireworks' }, '1')).status, 200)
  t.same(handled, ['/', '/h2'])
})

t.test('a body whose client went away never reaches a route as complete', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  for (const framing of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
    const client = new RawClient(port).send(`POST /h1 HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n2\r\nab\r\n`)
    await sleep(30)
    client.close()
  }
  // Frames by hand: Node's client ends a body properly before it resets the stream.
  for (const code of [8, 0]) {
    const headers = frame(frameType.headers, 4, 1, postRoot)
    const half = frame(frameType.data, 0, 1, Buffer.from('half'))
    const client = new RawClient(port).send(Buffer.concat([preface, frame(frameType.settings, 0, 0), headers, half]))
    await sleep(30)
    client.send(frame(frameType.rstStream, 0, 1, Buffer.from([0, 0, 0, code])))
    await sleep(30)
    client.close()
  }
  using dropped = new Http2Client(port)
  const stream = dropped.session.request(
    { ':method': 'POST', ':path': '/h2', 'content-type': 'x/y' },
    { endStream: false },
  )
  stream.on('error', () => {})
  stream.write('half')
  await sleep(30)
  dropped.session.destroy()
  await sleep(100)
  t.same(handled, [])
  t.match(await exchange(port, 'GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /200/)
})
