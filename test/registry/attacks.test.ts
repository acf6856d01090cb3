import dns from 'node:dns'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { syncBuiltinESMExports } from 'node:module'
import { isIP } from 'node:net'
import t, { type Test } from 'tap'
import { recordConnects } from '../harness/recorded-connects.ts'
import { answerManifest, greeterManifest, h2c, listening, manifestV4 } from './endpoints.ts'

/** What names resolve to; nothing else resolves, and nobody is asked. */
const answers = new Map<string, readonly string[]>()
const systemLookup = dns.lookup
Reflect.set(dns, 'lookup', (name: string, ...rest: unknown[]) => {
  // Listeners look their own address up.
  if (isIP(name) !== 0) return Reflect.apply(systemLookup, dns, [name, ...rest])
  const callback = rest.at(-1)
  if (typeof callback !== 'function') throw new Error('invariant: a look-up has a callback')
  const found = answers.get(name)?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const error = found === undefined ? Object.assign(new Error(`unknown: ${name}`), { code: 'ENOTFOUND' }) : null
  setImmediate(() => callback(error, found))
  return {}
})
syncBuiltinESMExports()
t.teardown(() => {
  Reflect.set(dns, 'lookup', systemLookup)
  syncBuiltinESMExports()
})
const { startInProcess } = await import('../harness/server-in-process.ts')

interface Answer {
  readonly status: number
  readonly text: string
}

/** Over one connection to 127.0.0.1, which the recording then also has. */
async function post(admin: string, body: unknown): Promise<Answer> {
  const { port } = new URL(admin)
  const asked = request({
    host: '127.0.0.1',
    port,
    path: '/deployments',
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  })
  asked.end(JSON.stringify(body))
  const [response] = await once(asked, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, text }
}

const denied = /PERDURE_ERR_INVOKER_EGRESS_DENIED|the server does not connect to/

t.test('attack 36: register metadata IP in every encoding, rebinding host, own admin port', async (t) => {
  const { admin, ingress, server } = await startInProcess(t)
  const recorded = recordConnects(t)
  const adminPort = new URL(admin).port
  const fabric = server.listeners.fabric.addresses[0]?.url ?? ''
  answers.set('rebound.test', ['169.254.169.254'])
  answers.set('half.test', ['127.0.0.1', '169.254.169.254'])
  answers.set('zone.test', ['fe80::1%lo'])
  answers.set('me.test', ['127.0.0.1'])
  answers.set('mapped.test', ['::ffff:127.0.0.1'])
  answers.set('nat64.test', ['64:ff9b::a9fe:a9fe'])
  const hosts = [
    '169.254.169.254',
    '169.254.169.254.',
    '2852039166',
    '0xa9fea9fe',
    '025177524776',
    '0251.0376.0251.0376',
    '0xa9.0xfe.0xa9.0xfe',
    '169.254.43518',
    '169.16689662',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[0:0:0:0:0:ffff:a9fe:a9fe]',
    '[::169.254.169.254]',
    '[64:ff9b::169.254.169.254]',
    '[64:ff9b:1::a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '100.100.100.200',
    '168.63.129.16',
    'metadata.google.internal',
    'METADATA.google.internal.',
    'metadata',
    '0.0.0.0',
    '[::]',
    '[fe80::1]',
    'rebound.test',
    'half.test',
    'zone.test',
    'nat64.test',
  ]
  const own = [admin, ingress, fabric].map((url) => new URL(url).host)
  own.push(`127.1:${adminPort}`, `2130706433:${adminPort}`, `[::ffff:7f00:1]:${adminPort}`)
  own.push(`me.test:${adminPort}`, `mapped.test:${adminPort}`, `me.test.:${adminPort}`)
  answers.set('me.test.', ['127.0.0.1'])
  let requests = 0
  for (const host of [...hosts, ...own]) {
    for (const variant of [{}, { use_http_11: true }]) {
      for (const scheme of ['http', 'https']) {
        const { status, text } = await post(admin, { uri: `${scheme}://${host}/`, ...variant })
        requests++
        t.equal(status, 400, `${scheme}://${host} ${JSON.stringify(variant)}: ${text}`)
        t.match(text, denied, host)
      }
    }
  }
  for (const uri of [
    'http://[fe80::1%25lo]/',
    'http://[::1%lo]:1/',
    'http://169.254.169.254@localhost/',
    'ftp://x/',
    'file:///etc/passwd',
  ]) {
    t.equal((await post(admin, { uri })).status, 400, uri)
    requests++
  }
  t.same(recorded.foreign(), [], 'nothing beyond this machine was tried')
  t.equal(recorded.tried.length, requests, 'the only connections are those of this test')
  t.ok(recorded.tried.every((endpoint) => endpoint === `127.0.0.1:${adminPort}`))
})

t.test('attack 36, later: a registered name that is rebound reaches nobody when it is invoked', async (t) => {
  const { admin, ingress } = await startInProcess(t)
  const base = await h2c(t, (stream, headers) => {
    if (headers[':path'] === '/discover') {
      answerManifest(stream)
      // Every invocation dials anew.
      setImmediate(() => stream.session?.destroy())
    } else t.fail('nothing is invoked')
  })
  const { port } = new URL(base)
  answers.set('service.test', ['127.0.0.1'])
  t.equal((await post(admin, { uri: `http://service.test:${port}/` })).status, 201)
  answers.set('service.test', ['169.254.169.254'])
  const recorded = recordConnects(t)
  await fetch(`${ingress}/Greeter/greet/send`, { method: 'POST' })
  let failure: unknown
  for (let i = 0; i < 1500 && !denied.test(String(failure)); i++) {
    const query = "SELECT last_failure FROM sys_invocation WHERE status = 'backing-off'"
    const response = await fetch(`${admin}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query }),
    })
    failure = await response.text()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.match(failure, denied)
  t.same(recorded.foreign(), [])
})

t.test('attack 37: discovery answers 302 / endless body / 1 GB manifest / deep JSON', async (t) => {
  const { admin } = await startInProcess(t)
  const recorded = recordConnects(t)
  const secret = 'TOP-SECRET-OF-ANOTHER-SYSTEM'
  const refusal = async (t: Test, uri: string, options: object = {}): Promise<string> => {
    const { status, text } = await post(admin, { uri, ...options })
    t.ok(status === 400 || status === 500, `${status} ${text}`)
    t.notMatch(text, new RegExp(secret), 'nothing of the answer is shown')
    t.match(JSON.parse(text), { message: /./ })
    return text
  }

  await t.test('a redirect to the metadata service', async (t) => {
    const location = 'http://169.254.169.254/latest/meta-data/'
    for (const status of [301, 302, 303, 307, 308]) {
      const base = await h2c(t, (stream) => stream.respond({ ':status': status, location }, { endStream: true }))
      t.match(await refusal(t, base), /Redirects are not followed/)
      const server = createServer((_request, response) => response.writeHead(status, { location }).end(secret))
      const port = await listening(t, server)
      t.match(await refusal(t, `http://127.0.0.1:${port}`, { use_http_11: true }), /Redirects are not followed/)
    }
  })

  await t.test('a body that goes on for ever', async (t) => {
    const closed = Promise.withResolvers<number>()
    const base = await h2c(t, (stream) => closed.resolve(pour(stream)))
    t.match(await refusal(t, base), /larger than 8388608 bytes/)
    const sent = await closed.promise
    t.ok(sent < 64 * 1024 * 1024, `cut off after ${sent} bytes`)
  })

  await t.test('a manifest of 1 GB', async (t) => {
    let sent = 0
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': manifestV4, 'content-length': 2 ** 30 })
      const chunk = Buffer.alloc(256 * 1024, ' ')
      const write = () => {
        while (!response.destroyed && sent < 2 ** 30) {
          sent += chunk.length
          if (!response.write(chunk)) break
        }
      }
      response.on('drain', write)
      write()
    })
    const port = await listening(t, server)
    const before = process.memoryUsage().rss
    t.match(await refusal(t, `http://127.0.0.1:${port}`, { use_http_11: true }), /larger than 8388608 bytes/)
    t.ok(sent < 128 * 1024 * 1024, `cut off after ${sent} bytes`)
    t.ok(process.memoryUsage().rss - before < 256 * 1024 * 1024)
  })

  await t.test('JSON that is nested deeply', async (t) => {
    const understood = /cannot be decoded: \$|nested deeper than 128 levels/
    const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    const answer = (text: string) =>
      h2c(t, (stream) => {
        stream.respond({ ':status': 200, 'content-type': manifestV4 })
        stream.end(text)
      })
    t.match(await refusal(t, await answer('['.repeat(8_000_000))), understood)
    t.match(await refusal(t, await answer(deep(3_000_000))), understood)
    for (const place of ['metadata', 'input']) {
      const value = place === 'input' ? `{"required":true,"jsonSchema":{"items":${deep(500_000)}}}` : deep(500_000)
      const text = JSON.stringify({ ...greeterManifest, services: 'HERE' }).replace(
        '"HERE"',
        `[{"name":"Greeter","ty":"SERVICE","handlers":[{"name":"greet","${place}":${value}}]}]`,
      )
      t.match(await refusal(t, await answer(text)), understood)
    }
    t.equal((await fetch(`${admin}/health`)).status, 200, 'the server goes on')
    t.equal((await post(admin, { uri: await h2c(t, (stream) => answerManifest(stream)) })).status, 201)
  })

  t.same(recorded.foreign(), [])
})

/** Writes as fast as it is read; resolves to the number of bytes when the stream is closed. */
async function pour(stream: ServerHttp2Stream): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024, ' ')
  let sent = 0
  stream.respond({ ':status': 200, 'content-type': manifestV4 })
  const write = () => {
    do sent += chunk.length
    while (!stream.destroyed && stream.write(chunk))
  }
  stream.on('drain', write)
  write()
  await once(stream, 'close')
  return sent
}
