import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import { createServer } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { createEndpointHandler, service } from '@restatedev/restate-sdk'
import t, { type Test } from 'tap'
import { startInProcess } from '../harness/server-in-process.ts'
import { register, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

async function greeter(t: Test, version: 'h2c' | 'http/1.1'): Promise<string> {
  const name = version === 'h2c' ? 'Greeter' : 'OldGreeter'
  const handler = createEndpointHandler({
    services: [service({ name, handlers: { greet: async (_context, whom: string) => `Hello ${whom}` } })],
    bidirectional: version === 'h2c',
    logger: () => {},
  })
  const server = version === 'h2c' ? createServer(handler) : createHttp1Server(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function greet(ingress: string, name = 'Greeter'): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${ingress}/${name}/greet`, { method: 'POST', headers, body: '"Ada"' })).text()
}

t.test('proxies of the environment are never used', async (t) => {
  let connections = 0
  const proxy = createTcpServer((socket) => {
    connections++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => proxy.close())
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const names = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()])
  const server = await startServerProcess(shortDirectory(t), {
    ...Object.fromEntries(names.map((name) => [name, url])),
    NODE_USE_ENV_PROXY: '1',
    NO_PROXY: '',
    no_proxy: '',
  })
  t.teardown(() => server.stop())
  await register(server.admin, await greeter(t, 'h2c'))
  await register(server.admin, await greeter(t, 'http/1.1'), { use_http_11: true })
  t.equal(await greet(server.ingress), '"Hello Ada"')
  t.equal(await greet(server.ingress, 'OldGreeter'), '"Hello Ada"')
  t.equal(connections, 0)
})

t.test('strict: what is named is reachable, for discovery, invocation and key sets; nothing else', async (t) => {
  const named = await greeter(t, 'h2c')
  const other = await greeter(t, 'h2c')
  const { admin, ingress, lines } = await startInProcess(t, {
    RESTATE_EGRESS__MODE: 'strict',
    RESTATE_EGRESS__ALLOW: `${new URL(named).host}, 169.254.7.0/24`,
  })
  await register(admin, named)
  t.equal(await greet(ingress), '"Hello Ada"')
  const refused = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: other }),
  })
  t.equal(refused.status, 400)
  t.match(await refused.json(), { message: new RegExp(`egress\\.mode is "strict".*add "${new URL(other).host}"`) })
  t.match(
    lines.filter((line) => line.includes('"loosened"')),
    [/egress\.allow has .*169\.254\.7\.0\/24/],
    'what is opened is said at start',
  )

  let asked = 0
  const issuer = createHttp1Server((_request, response) => {
    asked++
    response.end('{"keys":[]}')
  }).listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  t.teardown(() => issuer.close())
  const jwks = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`
  const guarded = await startInProcess(t, {
    RESTATE_EGRESS__MODE: 'strict',
    RESTATE_EGRESS__ALLOW: 'issuer.example',
    RESTATE_INGRESS__AUTH__JWT__ISSUER: 'https://issuer.example',
    RESTATE_INGRESS__AUTH__JWT__AUDIENCES: 'restate',
    RESTATE_INGRESS__AUTH__JWT__JWKS_URL: jwks,
  })
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = `${part({ alg: 'RS256', kid: 'a' })}.${part({ iss: 'https://issuer.example', aud: 'restate', exp: 4e9, sub: 'a' })}.AA`
  const { status } = await fetch(`${guarded.ingress}/Greeter/greet`, {
    headers: { authorization: `Bearer ${token}` },
  })
  t.ok(status === 401 || status === 503, `${status}`)
  t.match(guarded.lines.join(''), /egress\.mode is \\"strict\\"/, 'the log says why there are no keys')
  t.equal(asked, 0)
})
