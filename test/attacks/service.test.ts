import { readFileSync } from 'node:fs'
import { createServer as createHttp1Server } from 'node:http'
import { createServer } from 'node:http2'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { encodeFrame, encodeFrames } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { register, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { listenOnLoopback } from '../ingress/loopback.ts'
import { type RawStream, startRawService } from './raw-service.ts'

/** What a service can answer with to keep the server busy. In its second attempt it behaves. */
const server = await startServerProcess(shortDirectory(t))
t.teardown(() => server.stop())

const manifestOf = (name: string) => ({
  protocolMode: 'BIDI_STREAM',
  minProtocolVersion: 6,
  maxProtocolVersion: 6,
  services: [
    {
      name,
      ty: 'SERVICE',
      handlers: [{ name: 'run', input: { contentType: '*/*' } }],
      retryPolicyInitialInterval: 20,
      retryPolicyMaxAttempts: 10,
    },
  ],
})

const value = encodeOutput({ result: { kind: 'value', value: Buffer.from('"good"') }, name: '' })
const good = Buffer.from(
  encodeFrames([
    { type: MessageType.Output, payload: value },
    { type: MessageType.End, payload: Buffer.alloc(0) },
  ]),
)

function rssMiB(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
}

async function called(t: Test, name: string): Promise<void> {
  const before = rssMiB()
  const answer = await fetch(`${server.ingress}/${name}/run`, { method: 'POST', signal: AbortSignal.timeout(30_000) })
  t.strictSame([answer.status, await answer.text()], [200, '"good"'])
  t.ok(rssMiB() - before < 120, `from ${before} to ${rssMiB()} MiB`)
  t.equal((await fetch(`${server.ingress}/restate/health`)).status, 200)
}

async function flooded(t: Test, name: string, flood: (stream: RawStream) => void): Promise<number> {
  let attempts = 0
  const service = await startRawService(t, manifestOf(name), (stream) => {
    attempts = stream.attempt
    stream.respond()
    if (stream.attempt === 1) flood(stream)
    else stream.data(good, true)
  })
  await register(server.admin, service.uri)
  await called(t, name)
  return attempts
}

/** A message that is a mebibyte long, and comes by bytes. */
const beginning = Buffer.from(encodeFrame(MessageType.Output, Buffer.alloc(1024 * 1024))).subarray(0, 8)

t.test('attack 14: a response in frames of one byte is cut, and tried again', async (t) => {
  const attempts = await flooded(t, 'Bytes', (stream) => {
    stream.data(beginning)
    const byte = Buffer.alloc(1)
    // The window of the stream is larger than this.
    for (let i = 0; i < 20_000; i++) stream.data(byte)
  })
  t.equal(attempts, 2)
})

t.test('attack 14: a response of empty frames is cut, and tried again', async (t) => {
  const attempts = await flooded(t, 'Empty', (stream) => {
    for (let i = 0; i < 20_000; i++) stream.data(new Uint8Array())
  })
  t.equal(attempts, 2)
})

t.test('attack 14: neither may a response over HTTP/1.1 come by bytes', async (t) => {
  let attempts = 0
  const services = createHttp1Server((request, response) => {
    if (request.url === '/discover') {
      response.writeHead(200, { 'content-type': 'application/vnd.restate.endpointmanifest.v4+json' })
      response.end(JSON.stringify({ ...manifestOf('Chunks'), protocolMode: 'REQUEST_RESPONSE' }))
      return
    }
    attempts++
    request.resume()
    response.on('error', () => {})
    response.writeHead(200, { 'content-type': 'application/vnd.restate.invocation.v6' })
    if (attempts > 1) response.end(good)
    else {
      // Past Node's response, which would put small chunks together.
      response.write(beginning, () => request.socket.write('1\r\n\0\r\n'.repeat(20_000)))
    }
  })
  await register(server.admin, `http://127.0.0.1:${await listenOnLoopback(services)}`, { use_http_11: true })
  t.teardown(() => services.closeAllConnections())
  t.teardown(() => services.close())
  await called(t, 'Chunks')
  t.equal(attempts, 2)
})

t.test('attack 14: small frames that are messages are none', async (t) => {
  const attempts = await flooded(t, 'Small', (stream) => {
    for (const byte of good) stream.data(Buffer.from([byte]))
    stream.data(new Uint8Array(), true)
  })
  t.equal(attempts, 1)
})

t.test('attack 40: a compressed response is not taken apart, and none is asked for', async (t) => {
  const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024))
  const asked: (string | string[] | undefined)[] = []
  let attempts = 0
  const services = createServer()
  services.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    asked.push(headers['accept-encoding'])
    if (headers[':path'] === '/discover') {
      stream.respond({ ':status': 200, 'content-type': 'application/vnd.restate.endpointmanifest.v4+json' })
      stream.end(JSON.stringify(manifestOf('Packed')))
      return
    }
    attempts++
    stream.resume()
    const contentType = String(headers['content-type'])
    if (attempts === 1) stream.respond({ ':status': 200, 'content-type': contentType, 'content-encoding': 'gzip' })
    else stream.respond({ ':status': 200, 'content-type': contentType })
    stream.end(attempts === 1 ? bomb : good)
  })
  await register(server.admin, `http://127.0.0.1:${await listenOnLoopback(services)}`)
  t.teardown(() => services.close())
  await called(t, 'Packed')
  t.equal(attempts, 2)
  t.ok(asked.every((encoding) => encoding === undefined))
})
