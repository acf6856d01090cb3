import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import { invocationsCommand } from '../../src/commands/invocations.ts'
import { register, startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

/** `perdure state` and `perdure invocations` as processes of their own, against a server with a service of the official SDK. */
const main = join(import.meta.dirname, '../../src/main.ts')
const ran: string[] = []
const bytes = restate.serde.binary

const store = restate.object({
  name: 'Store',
  handlers: {
    put: async (ctx: restate.ObjectContext, values: Record<string, number[]>) => {
      for (const [name, value] of Object.entries(values)) ctx.set(name, Uint8Array.from(value), bytes)
    },
    names: async (ctx: restate.ObjectContext) => (await ctx.stateKeys()).toSorted(),
    value: async (ctx: restate.ObjectContext, name: string) => [...((await ctx.get(name, bytes)) ?? [])],
    steps: async (ctx: restate.ObjectContext) => {
      await ctx.run('first', () => ran.push('first'))
      await ctx.run('second', () => ran.push('second'))
    },
  },
})

const services = createServer(restate.createEndpointHandler({ services: [store], logger: () => {} }))
services.listen(0, '127.0.0.1')
await once(services, 'listening')
t.teardown(() => services.close())
const directory = shortDirectory(t)
const server = await startServerProcess(directory, { RESTATE_LISTEN_MODE: 'all' })
t.teardown(() => server.stop())
const uri = `http://127.0.0.1:${(services.address() as AddressInfo).port}`
await register(server.admin, uri)

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function perdure(args: readonly string[], env: Readonly<Record<string, string>>, input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { env: { PATH: process.env.PATH, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

async function call(path: string, body?: unknown): Promise<{ readonly id: string; readonly json: unknown }> {
  const response = await fetch(`${server.ingress}/Store/${path}`, {
    method: 'POST',
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  t.equal(response.status, 200, text)
  return { id: response.headers.get('x-restate-id') ?? '', json: text === '' ? undefined : JSON.parse(text) }
}

const clear = (key: string) =>
  fetch(`${server.admin}/services/Store/state`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ object_key: key, new_state: {} }),
  })

/** Each value is what a careless copy would spoil. */
const values = {
  empty: [],
  text: [...Buffer.from('"grüß"')],
  mark: [0xef, 0xbb, 0xbf, 0x31],
  bytes: Array.from({ length: 256 }, (_, i) => i),
  "it's": [1],
}
const keys = ["o'clock", 'a/b', 'ü', 'last']
const uris = () => [server.admin, `unix:${join(directory, 'test', 'admin.sock')}`]

t.test('state goes out and comes back, over TCP and the socket', async (t) => {
  for (const key of keys) await call(`${encodeURIComponent(key)}/put`, values)
  for (const uri of uris()) {
    const env = { RESTATE_ADMIN_URL: uri }
    const exported = await perdure(['state', 'export', 'Store'], env)
    t.match(exported, { code: 0, stderr: '' })
    const lines = exported.stdout.trimEnd().split('\n')
    t.equal(lines.length, keys.length)
    t.match(JSON.parse(lines[0] ?? ''), { key: 'a/b', state: { mark: '77u/MQ==', empty: '' } })
    const one = await perdure(['state', 'export', 'Store', "o'clock"], env)
    t.ok(lines.includes(one.stdout.trimEnd()), 'of one key')
    t.equal((await perdure(['state', 'export', 'Store', 'nobody'], env)).stdout, '')

    for (const key of keys) await clear(key)
    await call('last/put', { later: [1] })
    const file = join(directory, 'state.jsonl')
    await writeFile(file, exported.stdout)
    t.match(await perdure(['state', 'import', 'Store', file], env), { code: 0, stdout: '', stderr: '' })
    for (const key of keys) {
      t.strictSame((await call(`${encodeURIComponent(key)}/names`)).json, Object.keys(values).toSorted(), key)
      for (const [name, value] of Object.entries(values)) {
        t.strictSame((await call(`${encodeURIComponent(key)}/value`, name)).json, value, `${name} of ${key}`)
      }
    }
    const again = await perdure(['state', 'import', 'Store'], env, `${lines[0]}\r\n\n`)
    t.match(again, { code: 0 }, 'from standard input')
    t.equal((await perdure(['state', 'export', 'Store'], env)).stdout, await readFile(file, 'utf8'))
  }
})

t.test('what cannot have state is no empty export', async (t) => {
  for (const uri of uris()) {
    for (const more of [[], ['a key']]) {
      const { code, stdout, stderr } = await perdure(['state', 'export', 'Stroe', ...more], { RESTATE_ADMIN_URL: uri })
      t.match({ code, stdout, stderr }, { code: 1, stdout: '', stderr: /service 'Stroe' does not exist/ })
    }
  }
})

t.test('what the official CLI does, and a server that is not there', async (t) => {
  for (const [args, hint] of [
    [['sql', 'SELECT 1'], 'use restate sql'],
    [['status'], 'use restate services status'],
    [['deployments', 'list'], 'use restate deployments'],
    [['invocations', 'list'], 'there is restate invocations'],
    [['state', 'get', 'Store', 'k'], 'there is restate state'],
  ] as const) {
    const { code, stderr } = await perdure(args, {})
    t.equal(code, 1)
    t.match(stderr, hint)
  }
  for (const RESTATE_ADMIN_URL of ['http://127.0.0.1:1', `unix:${join(directory, 'nobody.sock')}`]) {
    const { code, stderr } = await perdure(['state', 'export', 'Store'], { RESTATE_ADMIN_URL })
    t.equal(code, 1)
    t.match(stderr, /cannot be reached.*Is the server running, and does RESTATE_ADMIN_URL say where\?/)
  }
})

t.test('many keys are asked for in portions', async (t) => {
  const count = 1203
  const lines = Array.from(
    { length: count },
    (_, i) => `{"key":"n${String(i).padStart(5, '0')}","state":{"v":"${Buffer.from(String(i)).toString('base64')}"}}\n`,
  )
  const env = { RESTATE_ADMIN_URL: server.admin }
  t.match(await perdure(['state', 'import', 'Store'], env, lines.join('')), { code: 0, stderr: '' })
  await call('n01202/names')
  const { stdout } = await perdure(['state', 'export', 'Store'], env)
  const exported = stdout.split('\n').filter((line) => line.startsWith('{"key":"n0'))
  t.strictSame(
    exported,
    lines.map((line) => line.trimEnd()),
  )
})

t.test('lines that are none', async (t) => {
  const env = { RESTATE_ADMIN_URL: server.admin }
  const good = '{"key":"k","state":{}}\n'
  for (const [bad, problem] of [
    ['secret', 'not a JSON object'],
    ['{"state":{}}', '"key" must be a string'],
    ['{"key":"k","state":[]}', '"state" must be an object'],
    ['{"key":"k","state":{"v":"s$cret"}}', 'the value of "v" is not base64'],
    [`{"key":"k","state":{"v":"${'/'.repeat(1_000_000)}"}}`, 'more state than'],
  ] as const) {
    const result = await perdure(['state', 'import', 'Store'], env, `${good}${bad}\n`)
    t.equal(result.code, 1)
    t.ok(result.stderr.startsWith(`perdure: line 2: ${problem}`), result.stderr.slice(0, 200))
    t.match(result.stderr, /PERDURE_ERR_COMMAND_STATE_LINE/)
    t.notMatch(result.stderr, /s.cret/)
  }
})

t.test('a restart from within the journal', async (t) => {
  for (const uri of uris()) {
    const env = { RESTATE_ADMIN_URL: uri }
    const { id } = await call('r/steps')
    ran.length = 0
    const restarted = await perdure(['invocations', 'restart', id, '--from', '2', '--deployment', 'keep'], env)
    t.match(restarted, { code: 0, stdout: /^inv_1\w+\n$/, stderr: '' })
    const attached = await fetch(`${server.ingress}/restate/attach/${restarted.stdout.trim()}`)
    t.equal(attached.status, 200)
    t.strictSame(ran, ['second'])
    const tooFar = await perdure(['invocations', 'restart', id, '--from', '99'], env)
    t.match(tooFar, { code: 1, stdout: '', stderr: /restart-as-new\?from=99: 400 .*\n.*PERDURE_ERR_COMMAND_REFUSED/ })
  }
})

t.test('arguments and addresses', async (t) => {
  const env = { RESTATE_ADMIN_URL: server.admin }
  for (const [args, text] of [
    [['state', '--help'], /^Usage: perdure state export/],
    [['invocations', '--help'], /^Usage: perdure invocations restart/],
  ] as const) {
    t.match(await perdure(args, env), { code: 0, stdout: text })
  }
  for (const args of [
    ['state'],
    ['state', 'export'],
    ['state', 'export', 'Store', 'k', 'more'],
    ['state', 'import', 'Store', '/nowhere/file'],
    ['state', 'export', 'Store', '--all'],
    ['invocations', 'restart', 'inv_1'],
    ['invocations', 'restart', 'inv_1', '--from', '-1'],
    ['invocations', 'describe', 'inv_1', '--from', '1'],
  ]) {
    t.match(
      await perdure(args, env),
      { code: 1, stdout: '', stderr: /PERDURE_ERR_CONFIG_COMMAND_LINE/ },
      args.join(' '),
    )
  }
  const refused = await perdure(['state', 'import', 'Nope'], env, '{"key":"k","state":{"v":"MQ=="}}')
  t.match(refused, { code: 1, stderr: /404 The requested service 'Nope' does not exist/ })
  for (const url of ['127.0.0.1:9070', 'ftp://host', 'unix:relative']) {
    const answer = await perdure(['state', 'export', 'Store'], { RESTATE_ADMIN_URL: url })
    t.match(answer, { code: 1, stderr: /PERDURE_ERR_COMMAND_ADMIN_URL/ }, url)
  }
  const unreachable = await perdure(['state', 'export', 'Store'], { RESTATE_ADMIN_URL: 'unix:/nowhere/admin.sock' })
  t.match(unreachable, { code: 1, stderr: /PERDURE_ERR_COMMAND_ADMIN_UNREACHABLE/ })
})

t.test('values that are not shown are not taken for the state', async (t) => {
  const closed = shortDirectory(t)
  const server = await startServerProcess(closed, {
    RESTATE_LISTEN_MODE: 'all',
    RESTATE_ADMIN__UNIX_SOCKET_ROLE: 'read-only',
  })
  t.teardown(() => server.stop())
  await register(server.admin, uri)
  const line = '{"key":"k","state":{"count":"NQ==","name":"ImFubiI="}}\n'
  t.match(await perdure(['state', 'import', 'Store'], { RESTATE_ADMIN_URL: server.admin }, line), { code: 0 })
  t.match(await perdure(['state', 'export', 'Store'], { RESTATE_ADMIN_URL: server.admin }), { code: 0, stdout: line })
  const readOnly = { RESTATE_ADMIN_URL: `unix:${join(closed, 'test', 'admin.sock')}` }
  for (const key of [[], ['k']]) {
    const masked = await perdure(['state', 'export', 'Store', ...key], readOnly)
    t.match(masked, { code: 1, stdout: '', stderr: /its role must be operator or admin/ })
  }
})

t.test('the token is sent, and the prefix of the address is kept', async (t) => {
  const seen: unknown[] = []
  const admin = createHttpServer((request, response) => {
    seen.push([request.method, request.url, request.headers.authorization])
    response.end('{"new_invocation_id":"inv_2"}')
  })
  admin.listen(0, '127.0.0.1')
  await once(admin, 'listening')
  t.teardown(() => admin.close())
  const url = `http://127.0.0.1:${(admin.address() as AddressInfo).port}/behind/`
  for (const env of [{ RESTATE_ADMIN_URL: url, RESTATE_AUTH_TOKEN: 'word' }, { RESTATE_ADMIN_URL: url }]) {
    await invocationsCommand(['restart', 'inv/1', '--from', '0'], { env, write: (text) => t.equal(text, 'inv_2\n') })
  }
  const target = '/behind/invocations/inv%2F1/restart-as-new?from=0'
  t.strictSame(seen, [
    ['PATCH', target, 'Bearer word'],
    ['PATCH', target, undefined],
  ])
})
