import t from 'tap'
import type { IngressConfig } from '../../src/config/config.ts'
import { eventually, exchange, RawClient } from '../listen/fixture.ts'
import { Http2Client } from '../listen/http2-client.ts'
import { keepRunning } from './fake-partition.ts'
import { serverConfig, startIngress } from './fixture.ts'

// Each limit: what is just within it is answered as usual, one past it in the shape of ingress, over HTTP/1.1 and HTTP/2.

function start(limits: Partial<IngressConfig>) {
  return startIngress(serverConfig(limits))
}

const json = 'content-type: application/json'
const post = (path: string, lines: readonly string[], body = '') =>
  `POST ${path} HTTP/1.1\r\n${['host: h', 'connection: close', json, ...lines].join('\r\n')}\r\n\r\n${body}`
const sized = (path: string, bytes: number) => post(path, [`content-length: ${bytes}`], 'x'.repeat(bytes))
const chunked = (path: string, bytes: number) =>
  post(path, ['transfer-encoding: chunked'], `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`)

/** The status of an answer, and whether it is an error of ingress, as text. */
function outcome(text: string): string {
  const status = /^HTTP\/1\.1 (\d+) /.exec(text)?.[1] ?? 'none'
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  const isOurs =
    /\r\nx-restate-error-source: ingress\r\n/i.test(text) && /\r\ncontent-type: application\/json\r\n/i.test(text)
  return isOurs && isErrorBody(body, status) ? `${status} ingress` : status
}

function isErrorBody(body: string, status: string): boolean {
  return new RegExp(`^\\{"code":${status},"message":"[^"]+","source":"ingress"\\}$`).test(body)
}

async function overHttp2(port: number, headers: Record<string, string>, body?: string): Promise<string> {
  using client = new Http2Client(port)
  const all = { ':method': 'POST', ':path': '/Svc/echo', 'content-type': 'application/json', ...headers }
  const answer = await client.request(all, body)
  const isOurs =
    answer.headers['x-restate-error-source'] === 'ingress' && isErrorBody(answer.body, String(answer.status))
  return isOurs ? `${answer.status} ingress` : String(answer.status)
}

t.test('413: bodies, of every route, declared and streamed', async (t) => {
  await using ingress = await start({ requestSizeLimitBytes: 1000 })
  const { port } = ingress
  for (const path of ['/Svc/echo', '/Obj/k/add/send']) {
    t.notMatch(outcome(await exchange(port, sized(path, 1000))), /413/)
    t.notMatch(outcome(await exchange(port, chunked(path, 1000))), /413/)
  }
  for (const path of ['/Svc/echo', '/Obj/k/add/send', '/restate/lookup', '/Nope/x', '/restate/health', '/openapi']) {
    t.equal(outcome(await exchange(port, sized(path, 1001))), '413 ingress', path)
  }
  const awakeable = '/restate/a/sign_1ntIHlSdLzmDIGvQLnkYZ6wW0C_6t6bLEAAAAEQ/resolve'
  t.equal(outcome(await exchange(port, sized(awakeable, 1000))), '202')
  for (const path of ['/Svc/echo', '/restate/lookup', awakeable]) {
    t.equal(outcome(await exchange(port, chunked(path, 1001))), '413 ingress', path)
  }
  t.equal(await overHttp2(port, {}, 'x'.repeat(1000)), '200')
  t.equal(await overHttp2(port, {}, 'x'.repeat(1001)), '413 ingress')
  t.equal(await overHttp2(port, { 'content-length': '1001' }, 'x'.repeat(1001)), '413 ingress')
  t.equal(ingress.partition.requests.length, 5)
  t.equal(ingress.partition.signals.length, 1)
})

t.test('431: header fields and bytes', async (t) => {
  await using ingress = await start({ maxHeaderCount: 20, maxHeaderBytes: 2000 })
  const { port } = ingress
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `h${i}: v`)
  // Host, connection, content-type and content-length count, too.
  t.equal(outcome(await exchange(port, post('/Svc/echo', ['content-length: 0', ...fields(16)]))), '200')
  t.equal(outcome(await exchange(port, post('/Svc/echo', ['content-length: 0', ...fields(17)]))), '431 ingress')
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, 'v']))
  t.equal(await overHttp2(port, many(19)), '200', 'pseudo headers do not count')
  t.equal(await overHttp2(port, many(20)), '431 ingress')

  // HTTP/1 counts target, names and values.
  const fixed = '/Svc/echohosthconnectionclosecontent-typeapplication/jsoncontent-length0a'.length
  const long = (bytes: number) => post('/Svc/echo', ['content-length: 0', `a: ${'v'.repeat(bytes)}`])
  t.equal(outcome(await exchange(port, long(2000 - fixed))), '200')
  t.equal(outcome(await exchange(port, long(2001 - fixed))), '431 ingress')
  t.equal(ingress.partition.requests.length, 3)
})

t.test('429: requests in progress, long polls and health included', async (t) => {
  await using ingress = await start({ concurrentRequestsLimit: 2 })
  const { port, partition } = ingress
  partition.behaviour = keepRunning
  const waiting = [new RawClient(port), new RawClient(port)]
  for (const client of waiting) client.send('POST /Svc/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n')
  await eventually(() => partition.waitingCallers === 2)
  for (const request of [
    sized('/Svc/echo', 1),
    sized('/Nope/x', 1),
    'GET /restate/health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n',
    'OPTIONS /Svc/echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n',
  ]) {
    t.equal(outcome(await exchange(port, request)), '429 ingress', request.slice(0, 20))
  }
  t.equal(await overHttp2(port, {}), '429 ingress')
  waiting[0]?.close()
  await eventually(() => partition.waitingCallers === 1)
  partition.behaviour = ({ body }) => ({ kind: 'value', value: body })
  await eventually(() => ingress.listener.stats.requestsInProgress === 1)
  t.equal(outcome(await exchange(port, sized('/Svc/echo', 1))), '200', 'a place that is free is given')
  waiting[1]?.close()
})

t.test('408: headers and bodies that do not arrive', async (t) => {
  await using ingress = await start({ headersTimeoutMs: 200, bodyTimeoutMs: 200 })
  const { port, partition } = ingress
  const [header, body] = await Promise.all([
    new RawClient(port).send('POST /Svc/echo HTTP/1.1\r\nhost: h\r\n').untilClosed(),
    new RawClient(port).send(post('/Svc/echo', ['content-length: 10'], '12345')).untilClosed(),
  ])
  t.equal(outcome(header), '408 ingress')
  t.equal(outcome(body), '408 ingress')
  using client = new Http2Client(port)
  const stream = client.session.request({ ':method': 'POST', ':path': '/Svc/echo' }, { endStream: false })
  stream.on('error', () => {})
  stream.write('12345')
  const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on('response', resolve))
  t.match(headers, { ':status': 408, 'x-restate-error-source': 'ingress' })
  t.equal(partition.requests.length, 0)
})

t.test('a call may take longer than all of them', async (t) => {
  await using ingress = await start({ headersTimeoutMs: 100, bodyTimeoutMs: 100, idleTimeoutMs: 100 })
  const { partition, port } = ingress
  partition.behaviour = keepRunning
  const client = new RawClient(port).send(sized('/Svc/echo', 1))
  await eventually(() => partition.waitingCallers === 1)
  await new Promise((resolve) => setTimeout(resolve, 600))
  partition.complete(partition.last.id, { kind: 'value', value: Buffer.from('"late"') })
  t.match(await client.untilClosed(), /^HTTP\/1\.1 200 [\s\S]*"late"$/)
})
