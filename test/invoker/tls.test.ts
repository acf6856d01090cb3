import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import t, { type Test } from 'tap'
import { PeerNotHttp2, ServiceUnreachable } from '../../src/errors/invoker.ts'
import { Http11Transport } from '../../src/invoker/http-11.ts'
import { SessionPool } from '../../src/invoker/session-pool.ts'
import { TestListener } from './listener.ts'
import { invokerConfig } from './samples.ts'

// Made for these tests; it secures nothing.
const cert = readFileSync(new URL('../registry/fixtures/localhost-cert.pem', import.meta.url), 'utf8')
const key = readFileSync(new URL('../registry/fixtures/localhost-key.pem', import.meta.url), 'utf8')

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

async function post(t: Test, origin: string, http11 = false, ca: string | undefined = cert): Promise<TestListener> {
  const dialing = ca === '' ? {} : { ca }
  const transport = http11 ? new Http11Transport(invokerConfig(), dialing) : new SessionPool(invokerConfig(), dialing)
  const listener = new TestListener()
  transport.open({ origin, path: '/', headers: {} }, listener)
  await listener.closed
  await transport.close()
  t.equal(listener.stream === undefined, listener.status === undefined && !http11)
  return listener
}

t.test('HTTP/2 over TLS, by name and by address', async (t) => {
  const server = createSecureServer({ cert, key }).on('stream', (stream) => {
    stream.respond({ ':status': 200 })
    stream.end(stream.session?.alpnProtocol)
  })
  const port = await listen(t, server)
  t.match(await post(t, `https://localhost:${port}`), { status: 200, body: 'h2' })
  t.match(await post(t, `https://127.0.0.1:${port}`), { status: 200, body: 'h2' })
  t.match(await post(t, `https://localhost:${port}`, false, ''), {
    error: { code: ServiceUnreachable.definition.code, message: /certificate/ },
  })
})

t.test('HTTP/1.1 over TLS', async (t) => {
  const port = await listen(
    t,
    createServer({ cert, key }, (_, response) => response.end('h1')),
  )
  t.match(await post(t, `https://localhost:${port}`, true), { status: 200, body: 'h1' })
  t.match(await post(t, `https://localhost:${port}`), { error: { code: PeerNotHttp2.definition.code } })
})
