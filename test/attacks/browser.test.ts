import t from 'tap'
import { startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { exchange } from '../listen/fixture.ts'

/** What a page of another origin, in the browser of an operator, can send to admin; and what a registration may not have. */
const server = await startServerProcess(shortDirectory(t))
t.teardown(() => server.stop())
const { host, port } = new URL(server.admin)

async function ask(method: string, path: string, headers: Readonly<Record<string, string>>, body?: string) {
  const lines = Object.entries({ host, connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const length = body === undefined ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
  const text = await exchange(Number(port), `${method} ${path} HTTP/1.1\r\n${lines.join('')}${length}\r\n${body ?? ''}`)
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text }
}

const deployment = JSON.stringify({ uri: 'http://127.0.0.1:1/' })

t.test('attack 23: what a form can post is 415, and nothing is registered', async (t) => {
  for (const headers of [
    {},
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'multipart/form-data; boundary=a' },
  ]) {
    for (const path of ['/deployments', '/v3/deployments', '/query']) {
      t.equal((await ask('POST', path, headers, deployment)).status, 415, `${path} ${JSON.stringify(headers)}`)
    }
  }
  t.match((await ask('GET', '/deployments', {})).text, /"deployments":\[\]/)
})

t.test(
  'attack 24: requests without a body from another site are 403, and no preflight lets them through',
  async (t) => {
    const id = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'
    const requests = [
      ['PATCH', `/invocations/${id}/kill`],
      ['PATCH', `/invocations/${id}/purge`],
      ['DELETE', `/invocations/${id}?mode=kill`],
      ['DELETE', '/deployments/dp_1rc6TNYO6EYNQ1x4EEKTKVC?force=true'],
      ['PUT', '/deployments/dp_1rc6TNYO6EYNQ1x4EEKTKVC'],
      ['POST', '/query'],
    ] as const
    for (const [method, path] of requests) {
      for (const foreign of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
        { origin: `http://${host}`, 'sec-fetch-site': 'cross-site' },
      ]) {
        const { status, text } = await ask(method, path, foreign)
        t.equal(status, 403, `${method} ${path} ${JSON.stringify(foreign)}`)
        t.notMatch(text, /access-control-/i)
      }
      const preflight = await ask('OPTIONS', path, {
        origin: 'https://evil.example',
        'access-control-request-method': method,
      })
      t.ok(preflight.status >= 400)
      t.notMatch(preflight.text, /access-control-/i)
      t.not((await ask(method, path, {})).status, 403, 'from no page at all it is asked about')
    }
  },
)

t.test('attack 32: headers that are the server’s own are refused in a registration', async (t) => {
  const reserved = [
    'x-restate-id',
    'X-Restate-Jwt-V1',
    'x-restate-signature-scheme',
    'x-serverless-authorization',
    'content-type',
    'transfer-encoding',
    'host',
  ]
  for (const name of reserved) {
    const body = JSON.stringify({ uri: 'http://127.0.0.1:1/', additional_headers: { [name]: 'x' } })
    const { status, text } = await ask('POST', '/deployments', { 'content-type': 'application/json' }, body)
    t.equal(status, 400, name)
    t.match(text, /additional_headers|header/)
  }
})
