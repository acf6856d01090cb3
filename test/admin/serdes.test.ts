import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:http2'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { convertPayload, type PayloadConversion } from '../../src/registry/convert-payload.ts'
import { register, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { http1, listening, tcp } from '../registry/endpoints.ts'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA, dpB } from './samples.ts'

/** Names on the wire are backwards, and readable after a decoding. */
const backwards: restate.Serde<string> = {
  contentType: 'application/x-backwards',
  serialize: (value) => Buffer.from([...value].reverse().join('')),
  deserialize: (bytes) => [...Buffer.from(bytes).toString()].reverse().join(''),
  preview: { toJsonString: (value) => JSON.stringify(value), fromJsonString: (text) => JSON.parse(text) },
}

const greeter = restate.service({
  name: 'Greeter',
  handlers: {
    greet: restate.handlers.handler(
      { input: backwards },
      async (_ctx: restate.Context, name: string) => `Hello ${name}`,
    ),
  },
})
const endpoint = { services: [greeter], logger: () => {} }

t.test('the official SDK converts, over HTTP/2 and HTTP/1.1', async (t) => {
  const server = await startServerProcess(shortDirectory(t), { RESTATE_LOG_FILTER: 'error' })
  t.teardown(() => server.stop())
  const http2 = await listening(t, createServer(restate.createEndpointHandler(endpoint)))
  const http11 = await listening(
    t,
    createHttpServer(restate.createEndpointHandler({ ...endpoint, bidirectional: false })),
  )
  for (const [port, useHttp11] of [
    [http2, false],
    [http11, true],
  ] as const) {
    await register(server.admin, `http://127.0.0.1:${port}`, { use_http_11: useHttp11 })
    const ask = async (path: string, body: string) => {
      const response = await fetch(`${server.admin}/internal/services/Greeter/serdes/${path}`, { method: 'POST', body })
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
    }
    const bytes = 'application/octet-stream'
    t.strictSame(await ask('decode/greet/input', 'dlrow'), { status: 200, type: bytes, text: '"world"' })
    t.strictSame(await ask('encode/greet/input', '"world"'), { status: 200, type: bytes, text: 'dlrow' })
    t.match(await ask('decode/greet/output', 'x'), { status: 500, text: /status 404\. Its SDK may not support this/ })
    t.match(await ask('encode/greet/input', '{'), { status: 500, text: /status \d+/ })
  }
})

t.test('which deployment is asked', async (t) => {
  const asked: PayloadConversion[] = []
  await using admin = testAdmin({
    async convertPayload(conversion) {
      asked.push(conversion)
      return Buffer.from('done')
    },
  })
  admin.client.schema.put(deployment(dpA))
  const url = '/v4/internal/services/Greeter/serdes/decode/a%2Fb/c'
  const post = (query = '', path = url) => admin.app.inject({ method: 'POST', url: path + query, payload: 'x' })
  t.match(await post(), { statusCode: 200, body: 'done' })
  t.match(await post(`?deployment=${dpA}`), { statusCode: 200 })
  t.match(asked, [{ direction: 'decode', serde: 'a/b/c', payload: Buffer.from('x') }, { deployment: { id: dpA } }])
  t.match(await post(`?deployment=${dpB}`), { statusCode: 404, body: /deployment '/ })
  t.match(await post('?deployment=dp_bad'), { statusCode: 400, body: /query string: deployment/ })
  t.match(await post('', url.replace('Greeter', 'Nope')), { statusCode: 404, body: /service 'Nope'/ })
  t.match(await post(`?deployment=${dpA}`, url.replace('Greeter', 'Nope')), { statusCode: 404, body: /service 'Nope'/ })
  t.equal(asked.length, 2)
})

const options = { dialer: { egress: new DefaultEgressPolicy() }, timeoutMs: 300 }

function conversionAt(uri: string, more: Partial<PayloadConversion> = {}): PayloadConversion {
  return {
    deployment: {
      ...deployment(dpA),
      uri: `${uri}/base/?q=1`,
      httpVersion: 'HTTP/1.1',
      additionalHeaders: [['x-key', '1']],
    },
    service: 'Greeter',
    direction: 'encode',
    serde: 'greet/in put',
    payload: Buffer.from('{}'),
    signal: new AbortController().signal,
    ...more,
  }
}

t.test('what is sent', async (t) => {
  let heard: unknown
  const uri = await http1(t, (request, response) => {
    const {
      accept,
      'x-key': key,
      'content-type': type,
      'x-restate-serdes-protocol': version,
      'x-all': all,
    } = request.headers
    heard = [request.method, request.url, accept, key, type, version, all, request.headers['x-signed']]
    request.resume()
    response.end('ok')
  })
  const sign = (path: string) => [['x-signed', path] as const]
  const bytes = await convertPayload(conversionAt(uri), { ...options, sign, requestHeaders: [['X-All', 'a']] })
  t.equal(bytes.toString(), 'ok')
  const path = '/serdes/Greeter/encode/greet/in%20put'
  t.strictSame(heard, ['POST', `/base${path}?q=1`, '*/*', '1', 'application/json', 'v1', 'a', path])
})

t.test('a name does not lead out of the path of conversions', async (t) => {
  const heard: unknown[] = []
  const uri = await http1(t, (request, response) => {
    heard.push(request.url)
    response.end('ok')
  })
  for (const serde of ['..', '.', '../../../invoke/Greeter/greet', 'greet/../../input', 'a/..']) {
    await t.rejects(convertPayload(conversionAt(uri, { serde }), options), { message: /no name of a serde/ })
  }
  await convertPayload(conversionAt(uri, { serde: '%2e%2e/..a?b#c' }), options)
  t.strictSame(heard, ['/base/serdes/Greeter/encode/%252e%252e/..a%3Fb%23c?q=1'])
})

t.test('what goes wrong', async (t) => {
  const failure = { code: 'PERDURE_ERR_REGISTRY_PAYLOAD_NOT_CONVERTED', status: 500 }
  const secretive = await http1(t, (_request, response) => response.writeHead(503).end('a secret of somebody else'))
  const refusal: unknown = await convertPayload(conversionAt(secretive), options).catch((error: unknown) => error)
  t.match(refusal, { ...failure, message: /status 503\.$/ })
  const silent = await http1(t, () => {})
  await t.rejects(convertPayload(conversionAt(silent), options), {
    ...failure,
    message: /did not answer within 300 ms/,
  })
  const rude = await tcp(t, (socket) => socket.destroy())
  await t.rejects(convertPayload(conversionAt(rude), options), { ...failure, message: /broke off/ })
  const short = await http1(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('abc')
    setTimeout(() => response.destroy(), 20)
  })
  await t.rejects(convertPayload(conversionAt(short), options), failure)
  const large = await http1(t, (_request, response) => response.end(Buffer.alloc(9 * 1024 * 1024)))
  await t.rejects(convertPayload(conversionAt(large), { ...options, timeoutMs: 10_000 }), {
    ...failure,
    message: /larger than/,
  })
  await t.rejects(convertPayload(conversionAt('http://169.254.169.254'), options), {
    code: 'PERDURE_ERR_INVOKER_EGRESS_DENIED',
  })
  const gone = AbortSignal.abort(new Error('gone'))
  await t.rejects(convertPayload(conversionAt(silent, { signal: gone }), options), { message: 'gone' })
})
