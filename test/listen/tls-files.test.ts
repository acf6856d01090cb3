import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import type { ListenerTls } from '../../src/config/listener-tls.ts'
import { createListener } from '../../src/listen/listener.ts'
import { readTlsCredentials } from '../../src/listen/tls-credentials.ts'
import { TlsTerminator } from '../../src/listen/tls-terminator.ts'
import { replacePair, TestAuthority } from './certificates.ts'
import { captureLog, eventually, RawClient, startListener, temporaryDirectory, testConfig } from './fixture.ts'

const directory = await temporaryDirectory(t)
const authority = new TestAuthority(directory)

function tlsOf(files: Partial<ListenerTls>): ListenerTls {
  return { certFile: undefined, keyFile: undefined, clientCaFile: undefined, clientNames: [], ...files }
}

async function secure(port: number): Promise<TLSSocket> {
  const target = { port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert, allowHalfOpen: true }
  const socket = connect({ ...target })
  await once(socket, 'secureConnect')
  return socket
}

async function presented(port: number): Promise<string | undefined> {
  const socket = await secure(port)
  const name = socket.getPeerX509Certificate()?.fingerprint256
  socket.destroy()
  return name
}

t.test('what cannot be used stops the start, names key and file, and shows nothing of a key', async (t) => {
  const { certFile, keyFile, key } = authority.server()
  const { keyFile: otherKey } = authority.server()
  const write = (name: string, text: string, mode = 0o600) => {
    const file = join(directory, name)
    writeFileSync(file, text, { mode })
    return file
  }
  const open = write('open.key', key)
  chmodSync(open, 0o644)
  const junk = write('junk.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const cases: readonly (readonly [files: Partial<ListenerTls>, message: RegExp])[] = [
    [{ certFile }, /^ingress\.tls: cert-file and key-file belong together/],
    [{ keyFile }, /belong together/],
    [{ clientCaFile: certFile }, /belong together/],
    [{ clientNames: ['a'] }, /belong together/],
    [{ certFile, keyFile, clientNames: ['a'] }, /client-names has no effect without ingress\.tls\.client-ca-file/],
    [
      { certFile: '/nonexistent/a.pem', keyFile },
      /^ingress\.tls\.cert-file: \/nonexistent\/a\.pem cannot be read \(ENOENT\)/,
    ],
    [{ certFile, keyFile: '/nonexistent/a.key' }, /^ingress\.tls\.key-file: .*ENOENT/],
    [{ certFile: directory, keyFile }, /cannot be read|does not hold certificates/],
    [{ certFile: keyFile, keyFile }, /does not hold certificates in PEM/],
    [{ certFile: junk, keyFile }, /does not hold certificates in PEM/],
    [{ certFile, keyFile: certFile }, /others than its owner|does not hold a private key/],
    [{ certFile, keyFile: write('text.key', 'no key') }, /does not hold a private key in PEM that is not encrypted/],
    [{ certFile, keyFile: otherKey }, /is not that of the certificate/],
    [{ certFile, keyFile: open }, /open\.key is not used: others than its owner.*chmod 600/],
    [{ certFile, keyFile, clientCaFile: junk }, /client-ca-file: .*does not hold certificates/],
    [{ certFile, keyFile, clientCaFile: write('empty.pem', '') }, /client-ca-file: .*does not hold certificates/],
  ]
  for (const [files, message] of cases) {
    const expected = { code: 'PERDURE_ERR_LISTEN_TLS_UNUSABLE', message }
    t.throws(() => readTlsCredentials(tlsOf(files), 'ingress.tls'), expected, JSON.stringify(files))
    await using listener = createListener('ingress', testConfig({ tls: tlsOf(files) }), captureLog().log)
    await t.rejects(listener.start(), expected)
    t.same(listener.addresses, [])
  }
})

t.test('reload: new connections get the new certificate, old ones go on, a bad pair changes nothing', async (t) => {
  const pair = authority.server()
  const { certFile, keyFile } = pair
  const { listener, port, lines } = await startListener({ tls: tlsOf({ certFile, keyFile }) })
  t.teardown(() => listener.close(0))
  const before = await presented(port)
  const old = new RawClient(await secure(port))
  old.send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n')
  await old.until(/"url":"\/1"/)

  const renewed = authority.server()
  replacePair(pair, renewed)
  listener.reloadTls()
  const after = await presented(port)
  t.not(after, before)
  t.equal(lines.filter((line) => line.includes('"event":"tls-certificate"')).length, 2)

  writeFileSync(keyFile, authority.server().key)
  t.throws(() => listener.reloadTls(), { code: 'PERDURE_ERR_LISTEN_TLS_UNUSABLE' })
  t.equal(await presented(port), after)
  replacePair(pair, authority.server({ days: -1 }))
  t.throws(() => listener.reloadTls(), { message: /expired on/ })
  t.equal(await presented(port), after)

  old.send('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
  await old.until(/"url":"\/2"/)
  old.close()
})

t.test('files are looked at: a change is taken up, a bad one reported once and the pair in use kept', async (t) => {
  const pair = authority.server()
  const { certFile, keyFile } = pair
  const { log, lines } = captureLog()
  const tls = tlsOf({ certFile, keyFile })
  const terminator = new TlsTerminator({ listener: 'admin', tls, log, onFailure: () => {}, pollIntervalMs: 10 })
  t.teardown(() => terminator.close())
  await terminator.start()
  const count = (event: string) => lines.filter((line) => line.includes(`"event":"${event}"`)).length
  writeFileSync(certFile, 'not yet complete')
  await eventually(() => count('reload-failed') === 1)
  t.match(lines.at(-1), /"what":"admin\.tls"/)
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.equal(count('reload-failed'), 1)
  t.equal(count('tls-certificate'), 1)
  replacePair(pair, authority.server())
  await eventually(() => count('tls-certificate') === 2)
})

t.test('an expired certificate at start is a warning: callers that do not mind go on', async (t) => {
  const { certFile, keyFile } = authority.server({ days: -1 })
  const { listener, lines } = await startListener({ tls: tlsOf({ certFile, keyFile }) })
  t.teardown(() => listener.close(0))
  t.ok(lines.some((line) => /"level":"warn".*"event":"tls-certificate-expired"/.test(line)))
})
