import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createListener } from '../../src/listen/listener.ts'
import { captureLog, eventually, RawClient, startListener, testConfig } from './fixture.ts'
import { Http2Client } from './http2-client.ts'

t.test('a graceful close: idle ones close at once, requests in progress finish, nothing new comes in', async (t) => {
  const { listener, port, release } = await startListener()
  const idle = new RawClient(port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await idle.until(/"url"/)
  const silent = new RawClient(port)
  const busy = new RawClient(port).send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n')
  using idleSession = new Http2Client(port)
  await idleSession.request({ ':path': '/' })
  using busySession = new Http2Client(port)
  const stream = busySession.request({ ':path': '/held' })
  await eventually(() => listener.stats.requests === 4 && listener.stats.connections === 5)

  const start = performance.now()
  const closed = listener.close(60_000)
  await Promise.all([idle.untilClosed(), silent.untilClosed(), eventually(() => idleSession.session.destroyed)])
  t.notOk(busy.isClosed, 'idle connections are closed while the others go on')
  t.equal(idleSession.goawayCode, 0)
  t.equal(await new RawClient(port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').untilClosed(), '', 'refused')

  release()
  t.match(await busy.untilClosed(), /^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*"url":"\/held"/i)
  t.equal((await stream).status, 200)
  await closed
  t.ok(performance.now() - start < 30_000, 'did not wait for the whole grace')
  t.equal(listener.stats.connections, 0)
})

t.test('after the grace what is left is cut', async (t) => {
  const { listener, port, lines } = await startListener()
  const busy = new RawClient(port).send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n')
  using session = new Http2Client(port)
  const stream = session.request({ ':path': '/held' }).catch((error: unknown) => error)
  const halfHeader = new RawClient(port).send('GET / HTTP/1.1\r\n')
  await eventually(() => listener.stats.requests === 2 && listener.stats.connections === 3)
  const start = performance.now()
  await listener.close(200)
  const ms = performance.now() - start
  t.ok(ms >= 190 && ms < 30_000, `${ms} ms`)
  t.equal(await busy.untilClosed(), '')
  await halfHeader.untilClosed()
  await stream
  // Two, if of the third no byte had been read by then: it is closed at once.
  t.ok(lines.some((line) => line.includes('"connections-cut"') && /"connections":[23]/.test(line)))
})

t.test('closing twice is one close, the shorter grace counts, and dispose waits for it', async (t) => {
  const { listener, port } = await startListener()
  new RawClient(port).send('GET /held HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => listener.stats.requests === 1)
  let isClosed = false
  const first = listener.close(60_000).then(() => {
    isClosed = true
  })
  const disposed = listener[Symbol.asyncDispose]()
  await sleep(50)
  t.notOk(isClosed, 'dispose does not shorten the grace that runs')
  await listener.close(10)
  await Promise.all([first, disposed])
  t.ok(isClosed)
})

t.test('dispose alone cuts at once; close before start, and start after close, do nothing', async (t) => {
  {
    await using running = (await startListener()).listener
    t.equal(running.addresses.length, 1)
  }
  const listener = createListener('admin', testConfig(), captureLog().log)
  await listener.close(1000)
  t.same(await listener.start(), [])
  t.same(listener.addresses, [])
})

t.test('a close during the start leaves nothing bound', async (t) => {
  const listener = createListener('admin', testConfig(), captureLog().log)
  const starting = listener.start()
  await listener.close(1000)
  const [address] = await starting
  const port = address?.kind === 'tcp' ? address.port : 0
  t.equal(await new RawClient(port).untilClosed(), '')
  t.same(listener.addresses, [])
})

t.test('a response that has begun before the close ends, and then its connection', async (t) => {
  const listener = createListener('ingress', testConfig(), captureLog().log)
  const rest = Promise.withResolvers<void>()
  listener.app.get('/stream', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-length': 2 })
    reply.raw.write('a')
    rest.promise.then(() => reply.raw.end('b'))
  })
  const [address] = await listener.start()
  const client = new RawClient(address?.kind === 'tcp' ? address.port : 0)
  client.send('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until(/\r\n\r\na/)
  const start = performance.now()
  const closed = listener.close(60_000)
  await sleep(200)
  t.notOk(client.isClosed)
  rest.resolve()
  await closed
  t.match(await client.untilClosed(), /\r\n\r\nab$/)
  t.ok(performance.now() - start < 30_000, 'did not wait for the whole grace')
})
