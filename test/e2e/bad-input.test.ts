import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type ServerProcess, startServerProcess } from '../harness/server-process.ts'
import { misdeeds, startMisbehavingService } from './misbehaving-service.ts'

const server: ServerProcess = await startServerProcess(t.testdir(), { RESTATE_INGRESS__REQUEST_SIZE_LIMIT: '64 KiB' })
t.teardown(() => server.stop())
const service = await startMisbehavingService()
t.teardown(() => service.close())

async function post(url: string, body: string | Buffer, contentType = 'application/json') {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': contentType } })
  const text = await response.text()
  return { status: response.status, text, json: () => JSON.parse(text) }
}

function rssMiB(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
}

const register = (uri: string) => post(`${server.admin}/deployments`, JSON.stringify({ uri }))

async function listen(t: Test, handler: RequestListener): Promise<string> {
  const other = createServer(handler)
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`
}

async function listenHttp2(t: Test, contentType: string, body: string): Promise<string> {
  const other = createHttp2Server((_request, response) => {
    response.writeHead(200, { 'content-type': contentType })
    response.end(body)
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`
}

t.test('registrations that cannot work are refused with their reason', async (t) => {
  const unreachable = await register('http://127.0.0.1:1')
  t.match([unreachable.status, unreachable.json()], [500, { restate_code: 'META0003' }])

  const plain = await register(await listen(t, (_request, response) => response.end('hello')))
  t.match([plain.status, plain.json()], [500, { restate_code: 'META0014', message: /HTTP\/1\.1/ }])

  const html = await register(await listenHttp2(t, 'text/html', '<html>secret of the intranet</html>'))
  t.match([html.status, html.json()], [500, { restate_code: 'META0013', message: /text\/html/ }])
  t.notMatch(html.text, /secret of the intranet/, 'nothing that was read there is shown')

  const wrong = JSON.stringify({
    protocolMode: 'BIDI_STREAM',
    minProtocolVersion: 5,
    maxProtocolVersion: 6,
    servces: [],
  })
  const manifest = await register(await listenHttp2(t, 'application/vnd.restate.endpointmanifest.v4+json', wrong))
  t.match([manifest.status, manifest.json()], [500, { message: /services is missing/ }])

  const denied = await register('http://169.254.169.254/')
  t.match([denied.status, denied.json()], [400, { message: /metadata/ }])

  const notJson = await post(`${server.admin}/deployments`, '{')
  t.equal(notJson.status, 400)
})

t.test('attack 38: a service that breaks the protocol fails the attempt, and nothing else', async (t) => {
  t.equal((await register(service.uri)).status, 201)
  const before = rssMiB()
  const call = async (name: string) => ({ name, answer: await post(`${server.ingress}/Bad/${name}`, '1') })
  const alone = 'dies'
  const answers = await Promise.all(
    Object.keys(misdeeds)
      .filter((name) => name !== alone)
      .map(call),
  )
  // With its connection others would die, maybe in their second attempt.
  answers.push(await call(alone))
  t.ok(rssMiB() - before < 100, 'what is declared is not set aside')
  for (const { name, answer } of answers) {
    t.match([answer.status, answer.text], [200, '2'], `${name} is tried again, and answers in its second attempt`)
  }
  t.equal((await post(`${server.ingress}/Bad/fine`, '1')).status, 200)
})

t.test('calls that cannot be accepted are refused, and start nothing', async (t) => {
  const unknown = await post(`${server.ingress}/Nobody/greet`, '1')
  t.match([unknown.status, unknown.json()], [404, { source: 'ingress' }])
  const handler = await post(`${server.ingress}/Bad/nothing`, '1')
  t.match([handler.status, handler.json()], [404, { source: 'ingress' }])
  const large = await post(`${server.ingress}/Bad/fine`, Buffer.alloc(65 * 1024))
  t.equal(large.status, 413)
  const exact = await post(`${server.ingress}/Bad/fine`, Buffer.alloc(64 * 1024))
  t.equal(exact.status, 200, 'just at the limit it passes')
  const path = await fetch(`${server.ingress}/`)
  t.equal(path.status, 400)
})

t.test('a wrong content type is told from a right one', async (t) => {
  const { createEndpointHandler, service } = await import('@restatedev/restate-sdk')
  const json = service({
    name: 'Json',
    handlers: {
      async echo(_ctx, value: unknown) {
        return value
      },
    },
  })
  const endpoint = createHttp2Server(createEndpointHandler({ services: [json] }))
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  t.teardown(() => endpoint.close())
  t.equal((await register(`http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`)).status, 201)
  const wrong = await post(`${server.ingress}/Json/echo`, '1', 'text/plain')
  t.match([wrong.status, wrong.json()], [400, { source: 'ingress' }])
  const broken = await post(`${server.ingress}/Json/echo`, '{')
  t.match([broken.status, broken.json()], [400, { source: 'invocation' }], 'what the handler cannot read is its error')
  t.equal((await post(`${server.ingress}/Json/echo`, '{"a":1}')).text, '{"a":1}')
})

t.test('the server is as well as before', async (t) => {
  t.equal((await fetch(`${server.ingress}/restate/health`)).status, 200)
  const metrics = async () => (await fetch(`${server.fabric}/metrics`)).text()
  t.match(await metrics(), /perdure_attempts_total\{[^}]*outcome="failed"[^}]*\} [1-9]/)
  // An answer is given before its attempt has ended.
  const nothingInFlight = /perdure_attempts_in_flight\{[^}]*\} 0/
  for (let tries = 0; tries < 600 && !nothingInFlight.test(await metrics()); tries++) await sleep(50)
  t.match(await metrics(), nothingInFlight)
})
