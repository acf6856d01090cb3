import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import t, { type Test } from 'tap'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { parseDeploymentUri } from '../../src/registry/deployment-uri.ts'
import { type Discovered, discover } from '../../src/registry/discover.ts'
import { answerManifest, greeterManifest, listening, manifestV4, tcp } from './endpoints.ts'

// Made for these tests; it secures nothing.
const cert = readFileSync(new URL('fixtures/localhost-cert.pem', import.meta.url), 'utf8')
const key = readFileSync(new URL('fixtures/localhost-key.pem', import.meta.url), 'utf8')

function discoverAt(
  uri: string,
  more: { ca?: string; http11?: boolean; timeoutMs?: number } = {},
): Promise<Discovered> {
  const { ca, http11 = false, ...options } = more
  return discover(
    { url: parseDeploymentUri(uri), useHttp11: http11, additionalHeaders: [] },
    {
      dialer: { egress: new DefaultEgressPolicy(), ...(ca === undefined ? {} : { ca }) },
      clusterName: 'c',
      ...options,
    },
  )
}

async function http2Only(t: Test): Promise<string> {
  const server = createSecureServer({ cert, key }).on('stream', (stream) => answerManifest(stream))
  return `https://127.0.0.1:${await listening(t, server)}`
}

async function http1Only(t: Test): Promise<string> {
  const server = createServer({ cert, key }, (_request, response) => {
    response.writeHead(200, { 'content-type': manifestV4 }).end(JSON.stringify(greeterManifest))
  })
  return `https://127.0.0.1:${await listening(t, server)}`
}

t.test('ALPN finds the version', async (t) => {
  t.equal((await discoverAt(await http2Only(t), { ca: cert })).httpVersion, 'HTTP/2.0')
  t.equal((await discoverAt(await http1Only(t), { ca: cert })).httpVersion, 'HTTP/1.1')
  t.equal((await discoverAt(await http1Only(t), { ca: cert, http11: true })).httpVersion, 'HTTP/1.1')
})

t.test('names are checked, too', async (t) => {
  const { port } = new URL(await http2Only(t))
  t.equal((await discoverAt(`https://localhost:${port}/`, { ca: cert })).httpVersion, 'HTTP/2.0')
  await t.rejects(discoverAt(`https://127.0.0.2:${port}/`, { ca: cert }), { code: 'PERDURE_ERR_REGISTRY_UNREACHABLE' })
})

t.test('an unknown authority', async (t) => {
  await t.rejects(discoverAt(await http2Only(t)), {
    code: 'PERDURE_ERR_REGISTRY_UNREACHABLE',
    restateCode: 'META0003',
    message: /certificate/,
  })
})

t.test('a port without TLS', async (t) => {
  const base = await tcp(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await t.rejects(discoverAt(base.replace('http:', 'https:'), { ca: cert }), {
    code: 'PERDURE_ERR_REGISTRY_UNREACHABLE',
    message: /does not speak TLS/,
  })
})

t.test('a port that never finishes the handshake', async (t) => {
  const base = await tcp(t, () => {})
  await t.rejects(discoverAt(base.replace('http:', 'https:'), { ca: cert, timeoutMs: 300 }), {
    code: 'PERDURE_ERR_REGISTRY_DISCOVERY_TIMEOUT',
  })
})

t.test('a reset in the handshake', async (t) => {
  const base = await tcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()))
  await t.rejects(discoverAt(base.replace('http:', 'https:'), { ca: cert }), {
    code: 'PERDURE_ERR_REGISTRY_UNREACHABLE',
  })
})
