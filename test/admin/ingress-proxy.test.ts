import { once } from 'node:events'
import { createServer, type IncomingMessage, request as request1, type ServerResponse } from 'node:http'
import { connect, constants, createServer as createServer2 } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { type IngressDoorOptions, registerIngressDoor } from '../../src/admin/ingress-door.ts'
import { createIngressProxy, type IngressProxy } from '../../src/admin/ingress-proxy.ts'
import { tcpAddress, unixAddress } from '../../src/listen/bound-address.ts'

const options: IngressDoorOptions = {
  addresses: () => [],
  maxConnections: 1,
  keptBack: [],
  log: { info() {}, error() {} },
}

async function portOf(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Answers all but `/hang`, and notes what comes. */
async function upstream(t: Test): Promise<{ readonly targets: string[]; readonly proxy: IngressProxy }> {
  const targets: string[] = []
  const server = createServer((request, response) => {
    targets.push(request.url ?? '')
    if (request.url !== '/hang') response.end('here')
  })
  const port = await portOf(t, server)
  t.teardown(() => server.closeAllConnections())
  const proxy = await createIngressProxy(options, tcpAddress('127.0.0.1', port))
  t.teardown(() => proxy.close())
  return { targets, proxy }
}

for (const version of ['HTTP/1.1', 'HTTP/2']) {
  t.test(`a caller that has gone before the proxy was there, over ${version}`, async (t) => {
    const { targets, proxy } = await upstream(t)
    const gone = Promise.withResolvers<void>()
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      response.once('close', () => {
        if (request.url !== '/hang') return
        // The proxy gets the call when nobody waits for it any more.
        proxy.forward(request, response, '/hang')
        gone.resolve()
      })
      if (request.url !== '/hang') proxy.forward(request, response, request.url ?? '')
    }
    const server = version === 'HTTP/1.1' ? createServer(serve) : createServer2(serve as never)
    const port = await portOf(t, server)
    if (version === 'HTTP/1.1') {
      const request = request1({ port, host: '127.0.0.1', path: '/hang' })
      request.on('error', () => {})
      request.end()
      await once(server, 'request')
      request.destroy()
      await gone.promise
      const again = request1({ port, host: '127.0.0.1', path: '/again', agent: false }).end()
      const [response] = await Promise.race([
        once(again, 'response'),
        delay(30_000, [{ statusCode: 0 }], { ref: false }),
      ])
      t.equal(response.statusCode, 200)
      again.destroy()
    } else {
      const session = connect(`http://127.0.0.1:${port}`)
      t.teardown(() => session.destroy())
      const stream = session.request({ ':path': '/hang' })
      stream.on('error', () => {})
      await once(server, 'request')
      stream.close(constants.NGHTTP2_CANCEL)
      await gone.promise
      const again = session.request({ ':path': '/again' })
      const [headers] = await Promise.race([once(again, 'response'), delay(30_000, [{}], { ref: false })])
      t.equal(headers[':status'], 200)
      again.close()
    }
    t.strictSame(targets, ['/again'], 'the only connection was free')
  })
}

t.test(
  'certificates that ingress asks for are not got round by its Unix socket, in whatever order sockets came',
  async (t) => {
    const errors: unknown[] = []
    const app = Fastify()
    registerIngressDoor(app, {
      ...options,
      addresses: () => [unixAddress('/nowhere/ingress.sock'), tcpAddress('127.0.0.1', 1, 'https')],
      asksForCertificates: true,
      log: { info() {}, error: (fields) => errors.push(fields.err) },
    })
    t.teardown(() => app.close())
    t.equal((await app.inject('/ingress')).statusCode, 502)
    t.match(errors, [{ message: /asks for client certificates/ }])
  },
)

t.test('a stream that is reset ends its call', async (t) => {
  const { targets, proxy } = await upstream(t)
  const server = createServer2(((request: IncomingMessage, response: ServerResponse) =>
    proxy.forward(request, response, request.url ?? '')) as never)
  const session = connect(`http://127.0.0.1:${await portOf(t, server)}`)
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': '/hang' })
  stream.on('error', () => {})
  for (let i = 0; i < 6000 && targets.length === 0; i++) await delay(5)
  stream.close(constants.NGHTTP2_CANCEL)
  const again = session.request({ ':path': '/again' })
  const [headers] = await Promise.race([once(again, 'response'), delay(30_000, [{}], { ref: false })])
  t.equal(headers[':status'], 200)
  t.strictSame(targets, ['/hang', '/again'])
})
