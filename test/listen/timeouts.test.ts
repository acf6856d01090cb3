import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createListener } from '../../src/listen/listener.ts'
import { captureLog, eventually, RawClient, startListener, testConfig } from './fixture.ts'
import { goawayCode, Http2Client, preface } from './http2-client.ts'

/** Runs and tells how long it took, ms. */
async function timed<T>(run: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now()
  const value = await run()
  return { value, ms: performance.now() - start }
}

t.test('a connection that sends nothing, or a part of the preface, is closed', async (t) => {
  const { listener, port } = await startListener({ headersTimeoutMs: 200 })
  t.teardown(() => listener.close(0))
  for (const bytes of ['', 'P', 'PRI * HTTP/2.0\r\n\r\nSM']) {
    const { value, ms } = await timed(() => new RawClient(port).send(bytes).untilClosed())
    t.equal(value, '')
    t.ok(ms >= 150 && ms < 30_000, `${ms} ms`)
  }
  t.equal(listener.stats.sniffTimeouts, 3)
})

t.test('a server that had no CPU for longer than the limits reads first what has come by then', async (t) => {
  const limits = { headersTimeoutMs: 200, bodyTimeoutMs: 200 }
  const { listener, port } = await startListener(limits)
  t.teardown(() => listener.close(0))
  const stall = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
  const sniffed = new RawClient(port)
  await eventually(() => listener.stats.connections === 1)
  sniffed.send('GET /sniffed HTTP/1.1\r\nHost: x\r\n\r\n')
  stall()
  t.match(await sniffed.until(/"url"/), /^HTTP\/1\.1 200 /)
  sniffed.close()
  const upload = new RawClient(port).send('POST /h1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1024\r\n\r\n')
  await eventually(() => listener.stats.requests === 2)
  upload.send('x'.repeat(1024))
  stall()
  t.match(await upload.until(/"url"/), /^HTTP\/1\.1 200 [\s\S]*"bytes":1024/)
  upload.close()
})

t.test('headers that do not come to an end are 408', async (t) => {
  const { listener, port, handled } = await startListener({ headersTimeoutMs: 200 })
  t.teardown(() => listener.close(0))
  const client = new RawClient(port).send('GET / HTTP/1.1\r\nHost: x\r\n')
  const drip = setInterval(() => client.send('a: b\r\n'), 40)
  const { value, ms } = await timed(() => client.untilClosed())
  clearInterval(drip)
  t.match(value, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"code":408/)
  t.ok(ms >= 150 && ms < 30_000, `${ms} ms`)
  t.same(handled, [])

  // The second request of a connection has the same time.
  const again = new RawClient(port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await again.until(/"url":"\/"/)
  again.send('GET /2 HTTP/1.1\r\n')
  t.match(await again.untilClosed(), /200 OK[\s\S]*HTTP\/1\.1 408 /)
  t.equal(listener.stats.refused[408], 2)
})

t.test('a body that stalls or trickles is 408 on HTTP/1, and its route does not run', async (t) => {
  const { listener, port, handled } = await startListener({ bodyTimeoutMs: 200 })
  t.teardown(() => listener.close(0))
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n'
  const stalled = await timed(() => new RawClient(port).send(`${head}abc`).untilClosed())
  t.match(stalled.value, /^HTTP\/1\.1 408 [\s\S]*"code":408/)
  t.ok(stalled.ms >= 200 && stalled.ms < 30_000, `${stalled.ms} ms`)

  const trickle = new RawClient(port).send(head)
  const drip = setInterval(() => trickle.send('x'), 20)
  t.match(await trickle.untilClosed(), /^HTTP\/1\.1 408 /)
  clearInterval(drip)
  t.same(handled, [])
  t.equal(listener.stats.refused[408], 2)
})

t.test('a body that stalls or trickles is 408 on HTTP/2, and the session goes on', async (t) => {
  const { listener, port, handled } = await startListener({ bodyTimeoutMs: 200 })
  t.teardown(() => listener.close(0))
  using client = new Http2Client(port)
  for (const dripMs of [0, 20]) {
    const stream = client.session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
    stream.on('error', () => {})
    const drip = dripMs === 0 ? undefined : setInterval(() => stream.write('x'), dripMs)
    stream.write('abc')
    stream.resume()
    const status = await new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))
    clearInterval(drip)
    t.equal(status, 408)
    if (!stream.readableEnded) await new Promise((resolve) => stream.on('end', resolve))
    // Node's client never closes a stream that was reset without an error while it had something to write.
    stream.destroy()
  }
  t.equal((await client.request({ ':path': '/ok' })).status, 200)
  t.same(handled, ['/ok'])
})

t.test('a body that stalls after its early answer is cut without a second answer', async (t) => {
  const listener = createListener('admin', testConfig({ bodyTimeoutMs: 200 }), captureLog().log)
  t.teardown(() => listener.close(0))
  listener.app.addHook('onRequest', (_request, reply) => reply.code(403).send({ early: true }))
  listener.app.post('/', () => ({}))
  const [address] = await listener.start()
  const client = new RawClient(address?.kind === 'tcp' ? address.port : 0)
  const text = await client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc').untilClosed()
  t.match(text, /^HTTP\/1\.1 403 [\s\S]*\{"early":true\}$/)
})

t.test('a slow body that makes progress passes', async (t) => {
  const { listener, port } = await startListener({ bodyTimeoutMs: 1000 })
  t.teardown(() => listener.close(0))
  const client = new RawClient(port).send(
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8192\r\n\r\n',
  )
  using http2 = new Http2Client(port)
  const stream = http2.session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
  const answered = new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))
  for (let i = 0; i < 8; i++) {
    await sleep(250)
    client.send('x'.repeat(1024))
    stream.write('x'.repeat(1024))
  }
  stream.end()
  t.match(await client.untilClosed(), '"bytes":8192')
  t.equal(await answered, 200)
})

t.test('long polls outlive every timeout, on both protocols', async (t) => {
  const { listener, port } = await startListener({ headersTimeoutMs: 100, bodyTimeoutMs: 100, idleTimeoutMs: 100 })
  t.teardown(() => listener.close(0))
  const http1 = new RawClient(port).send('POST /slow/1500 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')
  using client = new Http2Client(port)
  const http2 = client.request({ ':method': 'POST', ':path': '/slow/1500' }, 'abc')
  t.match(await http1.until(/"url"/), /^HTTP\/1\.1 200 /)
  t.equal((await http2).status, 200)
  http1.close()
})

t.test('idle connections are closed: HTTP/1 after a request, HTTP/2 with GOAWAY', async (t) => {
  const { listener, port } = await startListener({ idleTimeoutMs: 200 })
  t.teardown(() => listener.close(0))
  const client = new RawClient(port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const { ms } = await timed(() => client.untilClosed())
  t.ok(ms >= 200 && ms < 30_000, `${ms} ms`)

  using http2 = new Http2Client(port)
  t.equal((await http2.request({ ':path': '/' })).status, 200)
  await eventually(() => http2.session.destroyed)
  t.equal(http2.goawayCode, 0)
  t.equal(http2.error, undefined)

  // One that answers nothing, not even GOAWAY, is closed all the same.
  const mute = new RawClient(port)
  mute.socket.removeAllListeners('end')
  mute.send(preface).send(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
  await eventually(() => goawayCode(mute.bytes) === 0)
  await eventually(() => listener.stats.connections === 0)
  mute.close()
})
