import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { ask, connectRaw, good, json, type ReverseProxy, startProxiedIngress, testProxy } from '../proxied-ingress.ts'
import { startNginx } from './nginx.ts'

const proxied = await startProxiedIngress(t, {
  // Shorter than the call of the test on long calls.
  RESTATE_INGRESS__HEADERS_TIMEOUT: '3500ms',
  RESTATE_INGRESS__BODY_TIMEOUT: '3500ms',
  RESTATE_INGRESS__IDLE_TIMEOUT: '3500ms',
})
const { service } = proxied

async function start(readTimeout?: string): Promise<ReverseProxy> {
  const nginx = await startNginx({ ...proxied.places(), ...(readTimeout === undefined ? {} : { readTimeout }) })
  t.teardown(() => nginx.stop())
  return nginx
}

const nginx = await start()
// What leads out of the root, and what is nginx's own, it answers itself.
testProxy(t, nginx, proxied, ['/_auth', '/%2e%2e/deployments'])

t.test('attack 3: what is smuggled behind a request is not run', async (t) => {
  const before = service.seen.length
  const head = 'POST /Headers/look HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good-token\r\n'
  const smuggled =
    'POST /Headers/look HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled\r\nContent-Length: 0\r\n\r\n'
  const body = `0\r\n\r\n${smuggled}`
  const attacks: readonly string[] = [
    `${head}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${body}`,
    `${head}Transfer-Encoding: xchunked\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${head}Transfer-Encoding:\tchunked\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${head}Transfer-Encoding : chunked\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${head}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    `${head}Content-Length: 0\nX: y\r\n\r\n${smuggled}`,
    `${head}X: y\r\n Content-Length: ${smuggled.length}\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  ]
  for (const attack of attacks) {
    const socket = connectRaw(nginx)
    socket.on('error', () => {})
    socket.write(attack)
    socket.setTimeout(1000, () => socket.destroy())
    await text(socket).catch(() => '')
  }
  // The connections to ingress that nginx keeps are in order. On a slow machine what was sent before may run meanwhile.
  const afterwards = 20
  for (let i = 0; i < afterwards; i++) {
    const answer = await ask(nginx, '/Headers/look', { headers: [...good, 'x-request-id', `after-${i}`] })
    const own = service.seen.findIndex((headers) => headers.get('x-request-id') === `after-${i}`)
    t.equal(answer.body, String(own + 1))
  }
  // Without credentials of its own, what is smuggled would have to get past nginx unseen to arrive.
  t.notOk(service.seen.some((headers) => headers.get('x-request-id') === 'smuggled'))
  t.ok(service.seen.length - before - afterwards <= attacks.length, 'at most one each')
})

t.test('a long call outlives every other limit; what it may last is one line', async (t) => {
  const wait = (through: ReverseProxy, key: string) =>
    ask(through, '/Headers/wait', { headers: [...good, ...json, 'idempotency-key', key], body: '6000' })
  const impatient = await start('1s')
  const [long, cut] = await Promise.all([wait(nginx, 'long'), wait(impatient, 'cut')])
  t.strictSame([long.status, long.body], [200, '6000'])
  t.equal(cut.status, 504)
  const again = await wait(nginx, 'cut')
  t.strictSame([again.status, again.body], [200, '6000'], 'the invocation went on')
})

t.test('nginx writes neither credentials nor query strings', async (t) => {
  await ask(nginx, '/Headers/look?token=query-secret', { headers: [...good] })
  for (const name of ['perdure.log', 'perdure-error.log', 'start.log']) {
    const log = readFileSync(join(nginx.prefix, 'logs', name), 'utf8')
    t.notMatch(log, /good-token|query-secret/, name)
    if (name === 'perdure.log') t.match(log, /"POST \/Headers\/look" 200/)
  }
})
