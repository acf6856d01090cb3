import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from 'node:zlib'
import Fastify from 'fastify'
import t from 'tap'
import { negotiateEncoding } from '../../src/admin/accept-encoding.ts'
import { compressAnswers } from '../../src/admin/compression.ts'
import { testAdmin } from './admin-app.ts'
import { recordedEncodings } from './recorded/encodings.ts'
import { deployment, dpA } from './samples.ts'

const decoders: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

t.test('the encoding that is chosen', async (t) => {
  for (const [accept, encoding] of recordedEncodings) t.equal(negotiateEncoding(accept), encoding, String(accept))
})

t.test('a body is the same in all encodings', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA))
  const plain = await admin.app.inject({ url: '/deployments' })
  t.equal(plain.headers['content-encoding'], undefined)
  t.equal(plain.headers.vary, 'accept-encoding', 'also where it is not compressed')
  for (const [encoding, decode] of Object.entries(decoders)) {
    const answer = await admin.app.inject({ url: '/v4/deployments', headers: { 'accept-encoding': encoding } })
    t.match(answer.headers, {
      'content-type': 'application/json',
      'content-encoding': encoding,
      vary: 'accept-encoding',
      'content-length': String(answer.rawPayload.length),
    })
    t.same(decode(answer.rawPayload), plain.rawPayload)
    t.ok(answer.rawPayload.length < plain.rawPayload.length)
  }
})

t.test('errors are compressed like answers', async (t) => {
  await using admin = testAdmin()
  for (const [request, type] of [
    [{ url: '/services/Nope' }, 'application/json'],
    [{ url: '/deployments/dp_bad' }, 'text/plain; charset=utf-8'],
    [{ url: '/v1/version' }, 'text/plain; charset=utf-8'],
    [{ url: '/query', method: 'POST', payload: 'x' }, 'text/plain; charset=utf-8'],
  ] as const) {
    const answer = await admin.app.inject({ ...request, headers: { 'accept-encoding': 'gzip' } })
    t.match(answer.headers, { 'content-type': type, 'content-encoding': 'gzip' }, request.url)
    t.ok(gunzipSync(answer.rawPayload).length > 31)
  }
})

t.test('from 32 bytes on', async (t) => {
  await using app = Fastify()
  compressAnswers(app)
  app.get('/:length', (request, reply) => reply.send(Buffer.alloc(Number(Object(request.params).length), 'x')))
  for (const [length, encoding, vary] of [
    [31, undefined, undefined],
    [32, 'gzip', 'accept-encoding'],
  ] as const) {
    const answer = await app.inject({ url: `/${length}`, headers: { 'accept-encoding': 'gzip' } })
    t.equal(answer.headers['content-encoding'], encoding, `${length}`)
    t.equal(answer.headers.vary, vary)
  }
})

t.test('other routes of the listener are left alone', async (t) => {
  await using admin = testAdmin()
  admin.app.get('/outside', (_request, reply) => reply.send(Buffer.alloc(1000, 'x')))
  const answer = await admin.app.inject({ url: '/outside', headers: { 'accept-encoding': 'gzip' } })
  t.equal(answer.headers['content-encoding'], undefined)
})

for (const [encoding, decoder] of [
  ['gzip', createGunzip],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
] as const) {
  t.test(`a stream stays one: ${encoding}`, async (t) => {
    await using app = Fastify()
    compressAnswers(app)
    const source = new PassThrough()
    app.get('/', (_request, reply) => reply.send(source))
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const sent = request(url, { headers: { 'accept-encoding': encoding } })
    sent.end()
    source.write('first part')
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    t.match(response.headers, { 'content-encoding': encoding, 'transfer-encoding': 'chunked' })
    const decoded = response.pipe(decoder())
    const [first] = await once(decoded, 'data')
    t.equal(String(first), 'first part', 'before there is a second one')
    source.end(', second part')
    t.equal(await text(decoded), ', second part')
  })

  t.test(`a stream that breaks, breaks off: ${encoding}`, async (t) => {
    await using app = Fastify()
    compressAnswers(app)
    const source = new PassThrough()
    app.get('/', (_request, reply) => reply.send(source))
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, { headers: { 'accept-encoding': encoding } }, resolve).once('error', reject)
      sent.end()
      source.write('first part')
    })
    response.once('data', () => source.destroy(new Error('gone')))
    await t.rejects(text(response))
  })
}

t.test('nothing is said of answers without a body', async (t) => {
  await using admin = testAdmin()
  for (const request of [{ url: '/health' }, { url: '/nope' }, { url: '/deployments', method: 'PUT' }] as const) {
    const answer = await admin.app.inject({ ...request, headers: { 'accept-encoding': 'zstd' } })
    t.equal(answer.rawPayload.length, 0)
    t.equal(answer.headers['content-encoding'], undefined)
    t.equal(answer.headers.vary, undefined)
  }
})

t.test('HEAD tells of the body that GET would have', async (t) => {
  await using admin = testAdmin()
  const headers = { 'accept-encoding': 'br' }
  const get = await admin.app.inject({ url: '/version', headers })
  const head = await admin.app.inject({ method: 'HEAD', url: '/version', headers })
  t.equal(head.rawPayload.length, 0)
  for (const name of ['content-type', 'content-encoding', 'content-length', 'vary'])
    t.equal(head.headers[name], get.headers[name], name)
})
