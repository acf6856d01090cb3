import t from 'tap'
import { eventually, exchange, RawClient, startListener } from './fixture.ts'
import { frame, frameType, goawayCode, Http2Client, preface, tellsReasons } from './http2-client.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'

const malformed: Readonly<Record<string, string>> = {
  'content-length and transfer-encoding': `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  'transfer-encoding and content-length': `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
  'two equal content-lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
  'two different content-lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'signed content-length': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na',
  'unknown transfer-encoding': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'chunked is not last': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'folded header': 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n',
  'space before the colon': 'GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n',
  'NUL in a value': 'GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n',
  'CR in a value': 'GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n',
  'bare line feeds': 'GET / HTTP/1.1\nHost: x\n\n',
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'two Hosts': `GET / HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n${smuggled}`,
  'two equal Hosts': 'GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n',
  'absolute form for another host': `GET http://other/ HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`,
  'absolute form with userinfo': 'GET http://x@other/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'no version, as in 1991': 'POST /\r\n\r\n',
  'a version that is not': 'GET / HTTP/2.0\r\nHost: x\r\n\r\n',
  'target of another scheme': 'GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n',
}

t.test('what could be read in two ways is 400, the connection closes, and nothing runs', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  for (const [name, bytes] of Object.entries(malformed)) {
    const text = await exchange(port, bytes)
    t.match(text, /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"code":400/, name)
    t.equal(text.match(/HTTP\/1\.1/g)?.length, 1, `${name}: one answer`)
  }
  t.same(handled, [])
  t.equal(listener.stats.refused[400], Object.keys(malformed).length)
})

t.test('absolute form for this host is its path; HTTP/1.0 needs no Host', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  const close = 'Connection: close\r\n\r\n'
  t.match(await exchange(port, `GET http://X:1/a/b?c HTTP/1.1\r\nHost: x:1\r\n${close}`), /^HTTP\/1\.1 200 /)
  t.match(await exchange(port, `GET http://x HTTP/1.1\r\nHost: x\r\n${close}`), /^HTTP\/1\.1 200 /)
  t.match(await exchange(port, 'GET /old HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /)
  t.same(handled, ['/a/b?c', '/', '/old'])
})

t.test('a malformed chunk is 400 for its own request', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  t.match(await exchange(port, `${head}fffffffffffffffff\r\n`), /^HTTP\/1\.1 400 /)
  t.match(await exchange(port, `${head}zz\r\n`), /^HTTP\/1\.1 400 /)
  t.match(await exchange(port, `${head}1;${'e'.repeat(20_000)}\r\n`), /^HTTP\/1\.1 413 /)
  t.same(handled, [])
})

t.test('HTTP/2: authority and host that differ are 400', async (t) => {
  const { listener, port, handled } = await startListener()
  t.teardown(() => listener.close(0))
  using client = new Http2Client(port)
  t.equal((await client.request({ ':path': '/', ':authority': 'a', host: 'b' })).status, 400)
  t.equal((await client.request({ ':path': '/', ':authority': 'a', host: 'a' })).status, 200)
  t.equal(
    (await client.request({ ':path': '/', ':method': 'CONNECT', ':authority': 'a' }).catch(() => ({ status: 405 })))
      .status,
    405,
  )
  t.same(handled, ['/'])
})

t.test('HTTP/2 garbage ends the session with GOAWAY, and the listener goes on', async (t) => {
  const { listener, port } = await startListener()
  t.teardown(() => listener.close(0))
  const start = Buffer.concat([preface, frame(frameType.settings, 0, 0)])
  const attacks: Readonly<Record<string, Buffer>> = {
    'no settings': Buffer.concat([preface, Buffer.alloc(100, 0xff)]),
    'oversize frame': Buffer.concat([start, frame(frameType.data, 0, 1, Buffer.alloc(20_000))]),
    'bad HPACK': Buffer.concat([start, frame(frameType.headers, 5, 1, Buffer.alloc(4, 0xff))]),
    'DATA on stream 0': Buffer.concat([start, frame(frameType.data, 0, 0, Buffer.from('x'))]),
    'window update of zero': Buffer.concat([start, frame(8, 0, 0, Buffer.alloc(4))]),
  }
  for (const [name, bytes] of Object.entries(attacks)) {
    const raw = new RawClient(port).send(bytes)
    if (tellsReasons) await raw.untilClosed()
    else await eventually(() => goawayCode(raw.bytes) !== undefined)
    t.ok(goawayCode(raw.bytes), name)
    raw.close()
  }
  using client = new Http2Client(port)
  t.equal((await client.request({ ':path': '/' })).status, 200)
})
