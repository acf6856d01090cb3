import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { connect as connectPlain, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import type { ListenerConfig } from '../../src/config/config.ts'
import { TestAuthority } from './certificates.ts'
import { eventually, exchange, RawClient, startListener, temporaryDirectory } from './fixture.ts'
import { Http2Client } from './http2-client.ts'

const directory = await temporaryDirectory(t)
const authority = new TestAuthority(directory)
const server = authority.server()

function startTls(overrides: Partial<ListenerConfig> = {}) {
  const { certFile, keyFile } = server
  const tls = { certFile, keyFile, clientCaFile: undefined, clientNames: [] }
  return startListener({ tls, ...overrides })
}

async function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const host = '127.0.0.1'
  const target = { port, host, servername: 'localhost', ca: authority.cert, allowHalfOpen: true }
  const socket = connect({ ...target, ...options })
  await once(socket, 'secureConnect')
  return socket
}

const ask = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

t.test('both protocols on one port, as the client offers', async (t) => {
  const { listener, port, lines } = await startTls()
  t.teardown(() => listener.close(0))
  t.equal(listener.addresses[0]?.url, `https://127.0.0.1:${port}`)
  for (const offer of [{}, { ALPNProtocols: ['http/1.1'] }]) {
    const socket = await secure(port, offer)
    t.match(await exchange(socket, ask), /^HTTP\/1\.1 200 OK[\s\S]*"version":"1\.1"/)
  }
  for (const ALPNProtocols of [['h2'], ['http/1.1', 'h2']]) {
    const socket = await secure(port, { ALPNProtocols })
    t.equal(socket.alpnProtocol, 'h2', 'the server prefers HTTP/2')
    using client = new Http2Client(socket)
    const { status, body } = await client.request({ ':path': '/', ':method': 'POST' }, 'x'.repeat(100_000))
    t.match([status, JSON.parse(body)], [200, { version: '2.0', bytes: 100_000 }])
  }
  await t.rejects(secure(port, { ALPNProtocols: ['h3'] }), { code: /NO_APPLICATION_PROTOCOL/ })
  await t.rejects(secure(port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }))
  t.match(await exchange(await secure(port, { maxVersion: 'TLSv1.2' }), ask), /^HTTP\/1\.1 200 /)
  t.equal(listener.stats.tlsFailures, 2)
  t.ok(lines.some((line) => /"event":"tls-certificate".*"listener":"ingress".*"fingerprint"/.test(line)))
  t.ok(lines.some((line) => /"event":"tls-handshake-failed".*NO_APPLICATION_PROTOCOL/.test(line)))
})

t.test('whoever agrees on one protocol and speaks the other is refused', async (t) => {
  const { listener, port, handled } = await startTls()
  t.teardown(() => listener.close(0))
  t.match(await exchange(await secure(port), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /^HTTP\/1\.1 400 /)
  const client = new RawClient(await secure(port, { ALPNProtocols: ['h2'] })).send(ask)
  t.notMatch(await client.untilClosed(), /HTTP\/1/)
  t.same(handled, [])
})

t.test('plain HTTP is told that the port takes HTTPS, and its request does not run', async (t) => {
  const { listener, port, handled } = await startTls()
  t.teardown(() => listener.close(0))
  t.match(await exchange(port, ask), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*HTTPS only/)
  const upload = new RawClient(port).send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n`)
  upload.send('x'.repeat(900_000))
  t.match(await upload.untilClosed(), /HTTPS only/, 'the answer survives what was still being sent')
  t.notMatch(await exchange(port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /200/)
  t.same(handled, [])
  await eventually(() => listener.stats.connections === 0)
})

t.test('the Unix socket of the same listener stays plain', async (t) => {
  const unixSocketPath = join(await temporaryDirectory(t), 'ingress.sock')
  const { listener, port } = await startTls({ listenMode: 'all', unixSocketPath })
  t.teardown(() => listener.close(0))
  t.match(await exchange(unixSocketPath, ask), /^HTTP\/1\.1 200 /)
  t.match(await exchange(await secure(port), ask), /^HTTP\/1\.1 200 /)
  t.equal((await stat(unixSocketPath)).mode & 0o777, 0o600)
})

t.test('a slow handshake, and silence after it, are cut', async (t) => {
  // Long enough for a handshake on a slow machine.
  const { listener, port } = await startTls({ headersTimeoutMs: 1500 })
  t.teardown(() => listener.close(0))
  const isCut = async (connect: () => RawClient | Promise<RawClient>) => {
    const start = performance.now()
    const text = await (await connect()).untilClosed()
    const ms = performance.now() - start
    t.ok(ms >= 1250 && ms < 30_000, `${ms} ms`)
    return text
  }
  const beginnings = [[], [22], [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]].map((bytes) => Buffer.from(bytes))
  const unfinished = beginnings.map((bytes) => isCut(() => new RawClient(port).send(bytes)))
  t.strictSame(await Promise.all(unfinished), ['', '', ''])
  t.equal(listener.stats.sniffTimeouts, 3)
  const offers = [['http/1.1'], ['h2']]
  const connectOf = async (ALPNProtocols: string[]) => new RawClient(await secure(port, { ALPNProtocols }))
  await Promise.all(offers.map((offer) => isCut(() => connectOf(offer))))
  t.equal(listener.stats.sniffTimeouts, 5)
  const drip = new RawClient(await secure(port)).send('GET / HTTP/1.1\r\nHost: x\r\n')
  const dripping = setInterval(() => drip.send('a: b\r\n'), 40)
  t.match(await drip.untilClosed(), /^HTTP\/1\.1 408 /)
  clearInterval(dripping)
  await eventually(() => listener.stats.connections === 0)
})

t.test('bodies that stall or trickle are 408 on both protocols', async (t) => {
  const { listener, port, handled } = await startTls({ bodyTimeoutMs: 200 })
  t.teardown(() => listener.close(0))
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n'
  const client = new RawClient(await secure(port)).send(head)
  const drip = setInterval(() => client.send('x'), 20)
  t.match(await client.untilClosed(), /^HTTP\/1\.1 408 /)
  clearInterval(drip)
  using http2 = new Http2Client(await secure(port, { ALPNProtocols: ['h2'] }))
  const stream = http2.session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
  stream.on('error', () => {})
  stream.resume().write('abc')
  const [headers] = await once(stream, 'response')
  t.equal(headers[':status'], 408)
  t.same(handled, [])
})

t.test('limits of connections, headers and bodies', async (t) => {
  const { listener, port } = await startTls({ maxConnections: 2, maxHeaderBytes: 2048, requestSizeLimitBytes: 1000 })
  t.teardown(() => listener.close(0))
  const held = [await secure(port), new RawClient(port).socket]
  await eventually(() => listener.stats.connections === 2)
  await t.rejects(secure(port), 'the third, though one of the two has made no handshake yet')
  t.equal(listener.stats.connectionsRefused, 1)
  for (const socket of held) socket.destroy()
  await eventually(() => listener.stats.connections === 0)
  const long = `GET / HTTP/1.1\r\nHost: x\r\na: ${'x'.repeat(3000)}\r\n\r\n`
  t.match(await exchange(await secure(port), long), /^HTTP\/1\.1 431 /)
  const large = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n'
  t.match(await exchange(await secure(port), large), /^HTTP\/1\.1 413 /)
  using http2 = new Http2Client(await secure(port, { ALPNProtocols: ['h2'] }))
  t.equal((await http2.request({ ':path': '/', a: 'x'.repeat(3000) })).status, 431)
  t.equal((await http2.request({ ':path': '/', ':method': 'POST' }, 'x'.repeat(1001))).status, 413)
})

t.test('idle connections are closed', async (t) => {
  const { listener, port } = await startTls({ idleTimeoutMs: 200 })
  t.teardown(() => listener.close(0))
  const client = new RawClient(await secure(port)).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t.match(await client.untilClosed(), /^HTTP\/1\.1 200 /)
  using http2 = new Http2Client(await secure(port, { ALPNProtocols: ['h2'] }))
  t.equal((await http2.request({ ':path': '/' })).status, 200)
  await eventually(() => http2.session.destroyed)
  t.equal(http2.goawayCode, 0)
  await eventually(() => listener.stats.connections === 0)
})

t.test('close: what is in progress ends well, what is idle or in its handshake at once, the rest is cut', async (t) => {
  const { listener, port, release } = await startTls()
  const slow = new RawClient(await secure(port)).send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n')
  using http2 = new Http2Client(await secure(port, { ALPNProtocols: ['h2'] }))
  const slow2 = http2.request({ ':path': '/held' })
  await eventually(() => listener.stats.requests === 2)
  const idle = new RawClient(await secure(port)).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await idle.until(/"url"/)
  const silent = new RawClient(port).send(Buffer.from([22]))
  const endless = new RawClient(await secure(port)).send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => listener.stats.connections === 5 && listener.stats.requests === 4)
  const closed = listener.close(60_000)
  await Promise.all([silent.untilClosed(), idle.untilClosed()])
  t.strictSame([slow.isClosed, endless.isClosed], [false, false])
  release(2)
  t.match(await slow.untilClosed(), /200 OK[\s\S]*connection: close/i)
  t.equal((await slow2).status, 200)
  const start = performance.now()
  await listener.close(200)
  await closed
  t.equal(await endless.untilClosed(), '')
  const ms = performance.now() - start
  t.ok(ms >= 190 && ms < 30_000, `${ms} ms`)
})

t.test('clients that vanish at every step leave nothing behind', async (t) => {
  const { listener, port } = await startTls()
  t.teardown(() => listener.close(0))
  for (let i = 0; i < 20; i++) {
    const socket = connectPlain(port, '127.0.0.1')
    connect({ socket, ca: authority.cert, servername: 'localhost' }).on('error', () => {})
    socket.on('error', () => {})
    await sleep(i)
    if (i % 2 === 0) socket.destroy()
    else socket.resetAndDestroy()
  }
  await eventually(() => listener.stats.connections === 0)
  t.match(await exchange(await secure(port), ask), /^HTTP\/1\.1 200 /)
})

t.test('a client that hangs up right after its first words is let go at once', async (t) => {
  const { listener, port } = await startTls()
  t.teardown(() => listener.close(0))
  const client = new RawClient(port)
  client.socket.end(await clientHello())
  await client.untilClosed()
  await eventually(() => listener.stats.connections === 0)
  t.match([listener.stats.tlsFailures, listener.stats.sniffTimeouts], [1, 0])
  const half = await secure(port)
  half.end(ask)
  t.match(await new RawClient(half).untilClosed(), /^HTTP\/1\.1 200 /, 'the end of a request is no end of the call')
})

/** What a TLS client sends first. */
async function clientHello(): Promise<Buffer> {
  const catcher = createServer().listen(0, '127.0.0.1')
  await once(catcher, 'listening')
  const address = catcher.address()
  const client = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, servername: 'localhost' })
  client.on('error', () => {})
  const [accepted]: Socket[] = await once(catcher, 'connection')
  if (accepted === undefined) throw new Error('no connection')
  const [hello]: Buffer[] = await once(accepted, 'data')
  if (hello === undefined) throw new Error('no bytes')
  client.destroy()
  accepted.destroy()
  catcher.close()
  return hello
}
