import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import t from 'tap'
import { PeerNotHttp2, ServiceUnreachable } from '../../src/errors/invoker.ts'
import type { EgressPolicy } from '../../src/invoker/egress/egress-policy.ts'
import { SessionPool } from '../../src/invoker/session-pool.ts'
import { FakeService, type Script } from './fake-service.ts'
import { TestListener } from './listener.ts'
import { invokerConfig } from './samples.ts'

async function start(script: Script, config = {}, settings: http2.Settings = {}) {
  const service = new FakeService((exchange) => {
    exchange.staysOpen = true
    return script(exchange)
  }, settings)
  const origin = new URL(await service.listen()).origin
  const pool = new SessionPool(invokerConfig(config))
  return {
    service,
    pool,
    send: (listener = new TestListener()) => {
      const cancel = pool.open({ origin, path: '/x', headers: { 'x-a': '1' } }, listener)
      return Object.assign(listener, { cancel })
    },
    async [Symbol.asyncDispose]() {
      await pool.close()
      await service[Symbol.asyncDispose]()
    },
  }
}

const answer: Script = ({ stream }) => {
  stream.respond({ ':status': 200 })
  stream.end('ok')
}

const hang: Script = ({ stream }) => stream.respond({ ':status': 200 })

async function eventually(condition: () => boolean): Promise<void> {
  const until = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > until) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

t.test('one connection carries requests up to the limit, then there is another', async (t) => {
  await using rig = await start(hang, { http2StreamsPerConnectionLimit: 10 })
  const listeners = Array.from({ length: 25 }, () => rig.send())
  await eventually(() => listeners.every((listener) => listener.status === 200))
  t.equal(rig.service.sessionCount, 3)
  t.equal(rig.pool.sessionCount, 3)
  for (const { stream } of rig.service.exchanges) stream.end()
  await Promise.all(listeners.map((listener) => listener.closed))
  const more = Array.from({ length: 30 }, () => rig.send())
  await eventually(() => more.every((listener) => listener.status === 200))
  t.equal(rig.service.sessionCount, 3, 'connections are used again')
})

t.test("the peer's limit counts as well", async (t) => {
  await using rig = await start(hang, {}, { maxConcurrentStreams: 2 })
  const listeners = Array.from({ length: 6 }, () => rig.send())
  await eventually(() => listeners.every((listener) => listener.status === 200))
  t.equal(rig.service.sessionCount, 3)
})

t.test('windows are as large as configured', async (t) => {
  await using rig = await start(({ stream }) => {
    stream.respond({ ':status': 200 })
    stream.end(String(stream.session?.remoteSettings.initialWindowSize))
  })
  const listener = rig.send()
  await listener.closed
  t.equal(listener.body, String(2 * 1024 * 1024))
  await eventually(() => [...rig.service.sessions].some((s) => (s.state.remoteWindowSize ?? 0) > 5 * 1024 * 1024 - 100))
})

t.test('a connection that is idle is closed', async (t) => {
  await using rig = await start(answer, { http2IdleConnectionTimeoutMs: 100 })
  await rig.send().closed
  t.equal(rig.pool.sessionCount, 1)
  await eventually(() => rig.pool.sessionCount === 0)
  const listener = rig.send()
  await listener.closed
  t.equal(listener.status, 200)
})

t.test('GOAWAY: open streams finish, refused ones say so, new ones go elsewhere', async (t) => {
  await using rig = await start(({ stream }) => {
    stream.respond({ ':status': 200 })
    // Later streams of the first connection were never looked at, says the server.
    if (stream.id === 1 && rig.service.sessionCount === 1) {
      stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR, 1)
      // Who has read this has read the GOAWAY in front of it.
      stream.write('la')
    } else if (rig.service.sessionCount > 1) stream.end('second')
  })
  const first = rig.send()
  await eventually(() => first.body === 'la')
  const second = rig.send()
  await second.closed
  rig.service.exchanges[0]?.stream.end('te')
  await first.closed
  t.match(first, { ended: true, body: 'late', error: undefined })
  t.match(second, { ended: true, body: 'second' })
  t.equal(rig.service.sessionCount, 2)
})

t.test('a stream that the peer refused can be sent again', async (t) => {
  await using rig = await start(({ stream }) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM))
  const listener = rig.send()
  await listener.closed
  t.match(listener, { refused: true, ended: false })
  t.ok(listener.error instanceof ServiceUnreachable)
})

t.test('a connection on which the peer has too much gets no more for a while; others do', async (t) => {
  await using rig = await start(({ stream }) => {
    // As a Node server does when a session's buffers are full: here from the third stream on.
    if (stream.id !== undefined && stream.id > 3) stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
    else stream.respond({ ':status': 200 })
  })
  const listeners = Array.from({ length: 3 }, () => rig.send())
  await eventually(() => listeners.filter(({ status }) => status === 200).length === 2)
  const turnedAway = listeners.find(({ status }) => status === undefined)
  await turnedAway?.closed
  t.match(turnedAway, { refused: true })

  const again = rig.send()
  await eventually(() => again.status === 200)
  t.equal(rig.service.sessionCount, 2)
})

t.test('streams above the last id of a GOAWAY with an error were not looked at', async (t) => {
  await using rig = await start(({ stream }) => {
    if (stream.id === 3) stream.session?.goaway(http2.constants.NGHTTP2_INTERNAL_ERROR, 1)
  })
  const [first, second] = [rig.send(), rig.send()]
  await Promise.all([first.closed, second.closed])
  t.match([first.refused, second.refused], [false, true])
})

t.test('a peer that is silent is given up', async (t) => {
  const server = net.createServer((socket) => socket.on('error', () => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await using pool = new SessionPool(invokerConfig({ connectTimeoutMs: 100 }))
  const listener = new TestListener()
  pool.open({ origin: `http://127.0.0.1:${port}`, path: '/', headers: {} }, listener)
  await listener.closed
  t.match(listener.error, { code: ServiceUnreachable.definition.code, message: /within 100 ms/ })
  server.close()
})

t.test('a connection that answers no PING is lost', async (t) => {
  const sockets = new Set<net.Socket>()
  const service = new FakeService((exchange) => {
    exchange.staysOpen = true
    exchange.accept()
  })
  const target = new URL(await service.listen())
  // A proxy that can fall asleep, as a network does.
  const proxy = net.createServer((socket) => {
    const upstream = net.connect(Number(target.port), '127.0.0.1')
    for (const end of [socket, upstream]) {
      sockets.add(end)
      end.on('error', () => undefined)
    }
    socket.pipe(upstream).pipe(socket)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as AddressInfo
  // The second is long enough for an answer on a slow machine.
  const limits = invokerConfig({ http2KeepAliveIntervalMs: 100, http2KeepAliveTimeoutMs: 4000 })
  const pool = new SessionPool(limits)
  const listener = new TestListener()
  pool.open({ origin: `http://127.0.0.1:${port}`, path: '/', headers: {} }, listener)
  await eventually(() => listener.status === 200)
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(listener.error, undefined, 'pings are answered')
  for (const socket of sockets) socket.unpipe().pause()
  const started = performance.now()
  await listener.closed
  t.ok(performance.now() - started < 30_000)
  t.match(listener.error, { code: ServiceUnreachable.definition.code, message: /keep-alive/ })
  t.equal(listener.refused, false)
  await pool.close()
  for (const socket of sockets) socket.destroy()
  proxy.close()
  await service[Symbol.asyncDispose]()
})

t.test('peers that are no HTTP/2 service', async (t) => {
  const raw = (reply: string) =>
    net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(reply))
    })
  const peers: [string, net.Server, string, RegExp][] = [
    [
      'an HTTP/1.1 server',
      http.createServer((_, response) => response.end('hi')),
      PeerNotHttp2.definition.code,
      /use_http_11/,
    ],
    ['a web page', raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'), PeerNotHttp2.definition.code, /HTTP\/2/],
    ['a short greeting', raw('hi'), PeerNotHttp2.definition.code, /HTTP\/2/],
    [
      'one that hangs up',
      net.createServer((socket) => socket.destroy()),
      ServiceUnreachable.definition.code,
      /closed the connection|ECONNRESET/,
    ],
  ]
  for (const [name, server, code, message] of peers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await using pool = new SessionPool(invokerConfig())
    const listener = new TestListener()
    pool.open({ origin: `http://127.0.0.1:${port}`, path: '/', headers: {} }, listener)
    await listener.closed
    t.match(listener.error, { code, message }, name)
    server.close()
  }
})

t.test('a refused connection fails all that wait for it', async (t) => {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  await using pool = new SessionPool(invokerConfig())
  const listeners = [new TestListener(), new TestListener()]
  for (const listener of listeners) {
    pool.open({ origin: `http://127.0.0.1:${port}`, path: '/', headers: {} }, listener)
  }
  await Promise.all(listeners.map((listener) => listener.closed))
  for (const { error } of listeners)
    t.match(error, { code: ServiceUnreachable.definition.code, message: /ECONNREFUSED/ })
  t.equal(pool.sessionCount, 0)
})

t.test('a peer that ends each connection at once is not dialled again and again', async (t) => {
  let connections = 0
  const server = http2.createServer()
  server.on('session', (session) => {
    connections++
    session.on('error', () => undefined)
    session.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await using pool = new SessionPool(invokerConfig())
  const listener = new TestListener()
  pool.open({ origin: `http://127.0.0.1:${port}`, path: '/', headers: {} }, listener)
  await listener.closed
  t.equal(listener.status, undefined)
  t.ok(connections <= 3, `${connections} connections`)
  server.close()
})

t.test('the egress policy is asked: literal addresses before, names while connecting', async (t) => {
  const service = new FakeService(answer)
  const { port } = new URL(await service.listen())
  const asked: string[] = []
  const egress: EgressPolicy = {
    checkUrl: (url) => {
      asked.push(url.host)
      if (url.hostname === '127.0.0.2') throw new ServiceUnreachable('denied by policy')
    },
    lookupFor: (forPort) => (hostname, options, callback) => {
      asked.push(`${hostname} ${forPort}`)
      if (hostname === 'denied.test') callback(new ServiceUnreachable('denied while connecting'), [])
      else if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    },
  }
  await using pool = new SessionPool(invokerConfig(), { egress })
  const visit = async (host: string): Promise<TestListener> => {
    const listener = new TestListener()
    pool.open({ origin: `http://${host}:${port}`, path: '/', headers: {} }, listener)
    await listener.closed
    return listener
  }
  t.match(await visit('127.0.0.2'), { error: { message: 'denied by policy' } })
  t.match(await visit('denied.test'), { error: { message: /denied while connecting/ } })
  t.match(await visit('allowed.test'), { status: 200, body: 'ok' })
  t.same(asked, [
    `127.0.0.2:${port}`,
    `denied.test:${port}`,
    `denied.test ${port}`,
    `allowed.test:${port}`,
    `allowed.test ${port}`,
  ])
  await service[Symbol.asyncDispose]()
})

t.test('one that waits can give up', async (t) => {
  await using rig = await start(answer)
  const listener = rig.send()
  listener.cancel()
  await rig.send().closed
  t.equal(listener.stream, undefined)
  t.equal(rig.service.exchanges.length, 1)
})

t.test('a request that HTTP/2 does not allow fails alone', async (t) => {
  await using rig = await start(answer)
  const { origin } = new URL(rig.service.uri)
  const listener = new TestListener()
  rig.pool.open({ origin, path: '/x', headers: { authorization: ['a', 'b'] } }, listener)
  await listener.closed
  t.match(listener.error, { code: ServiceUnreachable.definition.code, message: /single value/ })
  const next = rig.send()
  await next.closed
  t.equal(next.status, 200)
})

t.test('close ends everything, and nothing starts after it', async (t) => {
  await using rig = await start(hang)
  const listener = rig.send()
  await eventually(() => listener.status === 200)
  await rig.pool.close()
  await listener.closed
  t.equal(rig.pool.sessionCount, 0)
  const late = rig.send()
  await late.closed
  t.match(late.error, { code: ServiceUnreachable.definition.code })
})

t.test('close while connecting', async (t) => {
  const server = net.createServer((socket) => socket.on('error', () => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const pool = new SessionPool(invokerConfig())
  const listener = new TestListener()
  pool.open({ origin: `http://127.0.0.1:${port}`, path: '/', headers: {} }, listener)
  await pool.close()
  await listener.closed
  t.equal(pool.sessionCount, 0)
  t.match(listener.error, { message: /shutting down/ })
  server.close()
})
