import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import type { ListenerConfig } from '../../src/config/config.ts'
import { createListener } from '../../src/listen/listener.ts'
import { TestAuthority } from './certificates.ts'
import { captureLog, eventually, RawClient, temporaryDirectory, testConfig } from './fixture.ts'
import { Http2Client } from './http2-client.ts'

/** More than the buffers of both kernels take. */
const answerBytes = 24 * 1024 * 1024

async function startLarge(t: Test, config: Partial<ListenerConfig>) {
  const listener = createListener('ingress', testConfig(config), captureLog().log)
  const held = Promise.withResolvers<void>()
  listener.app.get('/large', (_request, reply) => reply.send(Buffer.alloc(answerBytes)))
  listener.app.get('/small', () => 'small')
  listener.app.get('/held', async () => {
    await held.promise
    return 'released'
  })
  const [address] = await listener.start()
  t.teardown(() => listener.close(0))
  return { listener, port: address?.kind === 'tcp' ? address.port : 0, release: () => held.resolve() }
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`

t.test('HTTP/1: who takes nothing of an answer is let go', async (t) => {
  const { listener, port } = await startLarge(t, { bodyTimeoutMs: 60 })
  for (const requests of [get('/large'), get('/large', 'Connection: close\r\n'), get('/large') + get('/held')]) {
    const client = new RawClient(port).send(requests)
    client.socket.pause()
    await eventually(() => listener.stats.connections === 1)
    const startMs = performance.now()
    await eventually(() => listener.stats.connections === 0)
    t.ok(performance.now() - startMs >= 550)
    client.close()
  }
})

/** Reads a little, waits, and so on, until it has all. Returns for how long it took. */
async function readInPieces(client: RawClient, waitMs: number): Promise<number> {
  const startMs = performance.now()
  let isDone = false
  const whole = client.untilClosed().then(() => {
    isDone = true
  })
  while (!isDone) {
    client.socket.pause()
    await sleep(waitMs)
    client.socket.resume()
    await sleep(5)
  }
  await whole
  return performance.now() - startMs
}

t.test('HTTP/1: who takes some of it now and then gets all of it, with TLS and without', async (t) => {
  const authority = new TestAuthority(await temporaryDirectory(t))
  const { certFile, keyFile } = authority.server()
  const bodyTimeoutMs = 100
  for (const tls of [undefined, { certFile, keyFile, clientCaFile: undefined, clientNames: [] }]) {
    const { listener, port } = await startLarge(t, { bodyTimeoutMs, tls })
    const connectSecure = () => connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert })
    const socket = tls === undefined ? undefined : connectSecure()
    if (socket !== undefined) await once(socket, 'secureConnect')
    const client = new RawClient(socket ?? port).send(get('/large', 'Connection: close\r\n'))
    const tookMs = await readInPieces(client, 200)
    t.ok(client.bytes.length > answerBytes, `${client.bytes.length} bytes in ${tookMs} ms`)
    t.ok(tookMs > 10 * bodyTimeoutMs, 'longer than silence may last')
    await eventually(() => listener.stats.connections === 0)
  }
})

t.test(
  'HTTP/1: who takes little all the time is let go neither, though the kernel tells of it in large steps',
  async (t) => {
    const bodyTimeoutMs = 200
    const { listener, port } = await startLarge(t, { bodyTimeoutMs })
    const client = new RawClient(port)
    const { socket } = client
    socket.removeAllListeners('data').on('readable', () => {})
    client.send(get('/large'))
    // Fast enough at first that buffers grow, then what would be 13 KiB/s with the limits by default.
    const [fastBytes, bytesPerMs] = [8 * 1024 * 1024, 2000]
    const startMs = performance.now()
    let taken = 0
    while (performance.now() - startMs < 3000) {
      const due = Math.floor(fastBytes + (performance.now() - startMs) * bytesPerMs - taken)
      const size = Math.min(due, socket.readableLength)
      if (size > 0) taken += socket.read(size)?.length ?? 0
      await sleep(10)
    }
    t.ok(taken > fastBytes)
    t.equal(listener.stats.connections, 1)
    client.close()
  },
)

t.test('HTTP/1: a request behind a large answer may take its time', async (t) => {
  const { listener, port, release } = await startLarge(t, { bodyTimeoutMs: 80 })
  const client = new RawClient(port).send(get('/large') + get('/held'))
  client.socket.pause()
  await sleep(400)
  client.socket.resume()
  await eventually(() => client.bytes.length > answerBytes)
  await sleep(2000)
  t.equal(listener.stats.connections, 1, 'a long poll is no slow reader')
  release()
  await client.until(/released$/)
  client.send(get('/small'))
  await client.until(/small$/)
  client.close()
})

t.test('HTTP/2: who takes nothing of an answer loses its stream, and the session goes on', async (t) => {
  const { port, release } = await startLarge(t, { bodyTimeoutMs: 60 })
  using client = new Http2Client(port)
  const stream = client.session.request({ ':path': '/large' })
  stream.pause()
  const closed = Promise.withResolvers<number>()
  stream.on('error', () => {})
  stream.on('close', () => closed.resolve(stream.rstCode))
  const held = client.request({ ':path': '/held' })
  // The client sees the end of a stream that it does not read only when it reads it.
  await sleep(2000)
  stream.resume()
  t.equal(await closed.promise, 8, 'CANCEL')
  release()
  t.equal((await held).body, 'released')
})
