import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { requiresClientCertificate } from '../../src/config/listener-tls.ts'
import { createListener } from '../../src/listen/listener.ts'
import { clientCertificateName } from '../../src/listen/tls-peers.ts'
import { arrivedOnUnixSocket } from '../../src/listen/unix-peers.ts'
import { type Pair, TestAuthority } from './certificates.ts'
import { captureLog, eventually, exchange, RawClient, temporaryDirectory, testConfig } from './fixture.ts'
import { Http2Client } from './http2-client.ts'

const directory = await temporaryDirectory(t)
const authority = new TestAuthority(directory)
const other = new TestAuthority(directory, 'other')
const server = authority.server()
const alice = authority.client({
  commonName: 'alice',
  subjectAltName: 'URI:spiffe://prod/alice,DNS:Alice.Internal,email:alice@example.com',
})

async function start(t: { teardown(end: () => Promise<void>): void }, clientNames: readonly string[] = []) {
  const { certFile, keyFile } = server
  const { log, lines } = captureLog()
  const tls = { certFile, keyFile, clientCaFile: authority.certFile, clientNames }
  const listener = createListener('admin', testConfig({ tls }), log)
  listener.app.get('/', (request) => ({
    name: clientCertificateName(request.raw) ?? null,
    unix: arrivedOnUnixSocket(request.raw),
  }))
  const [address] = await listener.start()
  t.teardown(() => listener.close(0))
  return { listener, port: address?.kind === 'tcp' ? address.port : 0, lines }
}

async function secure(port: number, client?: Pair, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const pair = client === undefined ? {} : { cert: client.cert, key: client.key }
  const target = { port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert, allowHalfOpen: true }
  const socket = connect({ ...target, ...pair, ...options })
  await once(socket, 'secureConnect')
  return socket
}

const ask = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

t.test('a certificate of the authority comes in, and its name is known to routes of both protocols', async (t) => {
  const { port } = await start(t)
  t.match(await exchange(await secure(port, alice), ask), '{"name":"spiffe://prod/alice","unix":false}')
  using http2 = new Http2Client(await secure(port, alice, { ALPNProtocols: ['h2'] }))
  t.match(await http2.request({ ':path': '/' }), { status: 200, body: '{"name":"spiffe://prod/alice","unix":false}' })
  const plain = authority.client({ commonName: 'bob' })
  t.match(await exchange(await secure(port, plain), ask), '{"name":"bob"')
})

t.test(
  'none, one of another authority, an expired one, one for servers: refused, with the reason in the log',
  async (t) => {
    const cases: readonly (readonly [reason: RegExp, client: Pair | undefined])[] = [
      [/PEER_DID_NOT_RETURN_A_CERTIFICATE/, undefined],
      [/UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT/, other.client({ commonName: 'alice' })],
      [/CERT_HAS_EXPIRED/, authority.client({ commonName: 'alice', days: -1 })],
      [/INVALID_PURPOSE/, authority.server()],
    ]
    for (const [reason, client] of cases) {
      const { listener, port, lines } = await start(t)
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const answer = secure(port, client, { maxVersion }).then((socket) => exchange(socket, ask))
        t.equal(await answer.catch(() => ''), '', `${reason} ${maxVersion}`)
      }
      await eventually(() => listener.stats.tlsFailures === 2 && listener.stats.connections === 0)
      t.equal(listener.stats.requests, 0)
      t.match(
        lines.find((line) => line.includes('tls-handshake-failed')),
        reason,
      )
    }
  },
)

t.test('a session is not resumed: who was refused once, or had no certificate, gains nothing by it', async (t) => {
  const { listener, port } = await start(t)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const client of [alice, undefined, other.client({ commonName: 'alice' })]) {
      const sessions: Buffer[] = []
      const first = secure(port, client, { maxVersion }).then((socket) => {
        socket.on('session', (session) => sessions.push(session))
        return exchange(socket, ask)
      })
      await first.catch(() => {})
      for (const session of sessions) {
        const socket = await secure(port, undefined, { maxVersion, session }).catch(() => undefined)
        t.notOk(socket?.isSessionReused())
        if (socket !== undefined) t.equal(await new RawClient(socket).send(ask).untilClosed(), '')
      }
    }
  }
  t.equal(listener.stats.requests, 2, 'only those of alice')
})

t.test('with a list of names, others get 403 on both protocols, and the log has the names', async (t) => {
  for (const listed of ['spiffe://prod/alice', 'alice.internal', 'alice@example.com', 'alice']) {
    const { port } = await start(t, ['somebody', listed])
    t.match(await exchange(await secure(port, alice), ask), `{"name":"${listed}"`, 'the name by which it came in')
  }
  const { listener, port, lines } = await start(t, ['bob', 'alice.intern', 'spiffe://prod'])
  const answer = await exchange(await secure(port, alice), ask)
  t.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*"code":403,"message":"the client certificate has no name/)
  using http2 = new Http2Client(await secure(port, alice, { ALPNProtocols: ['h2'] }))
  t.match(await http2.request({ ':path': '/' }), { status: 403, body: /client certificate/ })
  t.equal(listener.stats.refused[403], 2)
  t.match(
    lines.find((line) => line.includes('client-name-refused')),
    '"names":["spiffe://prod/alice","alice.internal","alice@example.com","alice"]',
  )
  const sly = authority.client({ commonName: 'x', subjectAltName: 'URI:http://x/DNS:bob' })
  t.match(await exchange(await secure(port, sly), ask), /^HTTP\/1\.1 403 /)
})

t.test(
  'other authorities: who came in by the old one comes in no more, on connections that are open neither',
  async (t) => {
    const { certFile, keyFile } = server
    const clientCaFile = join(directory, 'rotating.pem')
    writeFileSync(clientCaFile, authority.cert + other.cert)
    const { log, lines } = captureLog()
    const answers: (() => void)[] = []
    const listener = createListener(
      'admin',
      testConfig({ tls: { certFile, keyFile, clientCaFile, clientNames: [] } }),
      log,
    )
    listener.app.get('/', () => 'here')
    listener.app.get('/slow', async () => new Promise((resolve) => answers.push(() => resolve('slowly'))))
    const [address] = await listener.start()
    t.teardown(() => listener.close(0))
    const port = address?.kind === 'tcp' ? address.port : 0
    const bob = other.client({ commonName: 'bob' })
    const keep = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

    const idle = new RawClient(await secure(port, alice))
    idle.send(keep('/'))
    await idle.until(/here/)
    const busy = new RawClient(await secure(port, alice))
    busy.send(keep('/slow'))
    using http2 = new Http2Client(await secure(port, alice, { ALPNProtocols: ['h2'] }))
    t.equal((await http2.request({ ':path': '/' })).status, 200)
    await eventually(() => answers.length === 1)

    listener.reloadTls()
    t.notOk(
      lines.some((line) => line.includes('client-authorities-changed')),
      'the same file again is no change',
    )
    writeFileSync(clientCaFile, other.cert)
    listener.reloadTls()
    t.equal(lines.filter((line) => line.includes('client-authorities-changed')).length, 1)
    await idle.untilClosed()
    await eventually(() => http2.session.closed || http2.session.destroyed)
    for (const answer of answers) answer()
    t.match(
      await busy.untilClosed(),
      /^HTTP\/1\.1 200 OK[\s\S]*onnection: close[\s\S]*slowly/,
      'what was asked is answered',
    )
    await t.rejects(secure(port, alice, { maxVersion: 'TLSv1.2' }))
    t.match(await exchange(await secure(port, bob), ask), /here/)
  },
)

t.test('the predicate', async (t) => {
  const tls = { certFile: 'a', keyFile: 'b', clientCaFile: undefined, clientNames: [] }
  t.notOk(requiresClientCertificate(testConfig()))
  t.notOk(requiresClientCertificate(testConfig({ tls })))
  t.ok(requiresClientCertificate(testConfig({ tls: { ...tls, clientCaFile: 'c' } })))
})
