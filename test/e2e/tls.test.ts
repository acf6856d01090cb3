import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect, getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import type { Context } from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { startServiceProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { type Pair, replacePair, TestAuthority } from '../listen/certificates.ts'
import { RawClient } from '../listen/fixture.ts'

const directory = shortDirectory(t)
const authority = new TestAuthority(directory)
const pair = authority.server()
const operator = authority.client({ commonName: 'operator', subjectAltName: 'URI:spiffe://test/operator' })
const stranger = authority.client({ commonName: 'stranger' })

const started = await startNode(
  [join(import.meta.dirname, '../../src/main.ts')],
  {
    RESTATE_BASE_DIR: directory,
    RESTATE_NODE_NAME: 'test',
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_INGRESS__BIND_IP: '127.0.0.1',
    RESTATE_INGRESS__LISTEN_MODE: 'all',
    RESTATE_INGRESS__TLS__CERT_FILE: pair.certFile,
    RESTATE_INGRESS__TLS__KEY_FILE: pair.keyFile,
    // Beyond this machine, which client certificates make admissible.
    RESTATE_ADMIN__BIND_IP: '0.0.0.0',
    RESTATE_ADMIN__TLS__CERT_FILE: pair.certFile,
    RESTATE_ADMIN__TLS__KEY_FILE: pair.keyFile,
    RESTATE_ADMIN__TLS__CLIENT_CA_FILE: authority.certFile,
    RESTATE_ADMIN__TLS__CLIENT_NAMES: 'spiffe://test/operator',
    RESTATE_LOG_FILTER: 'info',
    RESTATE_LOG_FORMAT: 'json',
  },
  [
    /ingress +(https:\/\/127\.0\.0\.1:(\d+))/,
    /admin +https:\/\/0\.0\.0\.0:(\d+)/,
    /fabric/,
    /curl (https:\/\/localhost:\d+)\/dep/,
  ],
)
t.teardown(() => end(started.process))
const ingress = started.matches[0]?.[1] ?? ''
const ingressPort = Number(started.matches[0]?.[2])
const adminPort = Number(started.matches[1]?.[1])
let log = ''
started.process.stdout?.on('data', (chunk) => {
  log += chunk
})

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

function ask(port: number, path: string, client?: Pair, body?: unknown): Promise<Answer> {
  const identity = client === undefined ? {} : { cert: client.cert, key: client.key }
  const method = body === undefined ? 'GET' : 'POST'
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const target = {
      host: '127.0.0.1',
      port,
      path,
      method,
      headers,
      servername: 'localhost',
      ca: authority.cert,
      agent: false,
    }
    const asked = request({ ...target, ...identity }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, body: text }))
    })
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function secure(): Promise<TLSSocket> {
  const socket = connect({ port: ingressPort, host: '127.0.0.1', servername: 'localhost', ca: authority.cert })
  await once(socket, 'secureConnect')
  return socket
}

async function presented(): Promise<string | undefined> {
  const socket = await secure()
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256
  socket.destroy()
  return fingerprint
}

async function logged(pattern: RegExp): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!pattern.test(log)) {
    if (performance.now() > deadline) throw new Error(`no ${pattern} in ${log}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('admin lets in who is on the list, and tells where ingress is', async (t) => {
  t.match(await ask(adminPort, '/version', operator), { status: 200, body: `"ingress_endpoint":"${ingress}/"` })
  t.match(await ask(adminPort, '/version', stranger), { status: 403, body: /client certificate/ })
  await t.rejects(ask(adminPort, '/version'))
})

t.test('calls through admin go to the Unix socket of an ingress with TLS', async (t) => {
  t.match(await ask(adminPort, '/ingress/restate/health', operator), { status: 200 })
})

t.test('the official ingress client over https', async (t) => {
  const service = await startServiceProcess(join(import.meta.dirname, 'service.ts'))
  t.teardown(() => service.stop())
  const { status } = await ask(adminPort, '/deployments', operator, { uri: service.uri })
  t.equal(status, 201)
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, authority.cert])
  t.teardown(() => setDefaultCACertificates(before))
  const client = clients.connect({ url: ingress.replace('127.0.0.1', 'localhost') })
  const sample = client.serviceClient<{ greet(ctx: Context, name: string): Promise<string> }>({ name: 'Sample' })
  t.equal(await sample.greet('Ada'), 'Hello Ada')
})

t.test(
  'SIGHUP: new connections see the new certificate, an old one goes on; a bad pair is logged and not used',
  async (t) => {
    const old = new RawClient(await secure()).send('GET /restate/health?1 HTTP/1.1\r\nHost: x\r\n\r\n')
    await old.until(/200 OK/)
    const before = await presented()
    replacePair(pair, authority.server())
    started.process.kill('SIGHUP')
    await logged(/"event":"reloaded","what":"ingress\.tls"/)
    const after = await presented()
    t.not(after, before)

    writeFileSync(pair.keyFile, 'torn')
    started.process.kill('SIGHUP')
    await logged(/"event":"reload-failed","what":"ingress\.tls".*LISTEN_TLS_UNUSABLE/)
    t.equal(await presented(), after)
    old.send('GET /restate/health?2 HTTP/1.1\r\nHost: x\r\n\r\n')
    await old.until(/200 OK[\s\S]*200 OK/)
    old.close()
  },
)
