import { createHash } from 'node:crypto'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as restate from '@restatedev/restate-sdk'
import t from 'tap'
import type { AdminRole } from '../../src/config/config.ts'
import { startServerProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { ensurePeer, runCli } from '../peer/peer.ts'
import { says } from './cli-output.ts'

/** The official CLI with RESTATE_AUTH_TOKEN, in each role, against a server in a process of its own. */
const SECRET = 'swordfish'

const counter = restate.object({
  name: 'Counter',
  handlers: {
    async put(ctx: restate.ObjectContext, value: string) {
      ctx.set('word', value)
      return value
    },
    async hold(ctx: restate.ObjectContext, _value: string) {
      await ctx.sleep(600_000)
    },
  },
})

t.setTimeout(600_000)
await ensurePeer()
const services = createServer(restate.createEndpointHandler({ services: [counter], logger: () => {} }))
await new Promise<void>((resolve) => services.listen(0, '127.0.0.1', resolve))
t.teardown(() => services.close())
const uri = `http://127.0.0.1:${(services.address() as AddressInfo).port}`

const roles = ['read-only', 'operator', 'admin'] as const
const tokenOf = (role: AdminRole) => `token-of-${role}-0123456789`
const tokens = roles.map((role) => {
  const hash = createHash('sha256').update(tokenOf(role)).digest('hex')
  return `${role} = "${role} sha256:${hash}"`
})
const baseDir = shortDirectory(t)
const server = await startServerProcess(baseDir, {
  RESTATE_ADMIN__TOKENS: `{ ${tokens.join(', ')} }`,
  RESTATE_LISTEN_MODE: 'all',
  RESTATE_ADMIN__UNIX_SOCKET_ROLE: 'read-only',
})
t.teardown(() => server.stop())

const cli = (token: string | undefined, ...args: string[]) =>
  runCli(args, {
    RESTATE_ADMIN_URL: server.admin,
    RESTATE_INGRESS_URL: server.ingress,
    ...(token !== undefined && { RESTATE_AUTH_TOKEN: token }),
  })
const as = (role: AdminRole, ...args: string[]) => cli(tokenOf(role), ...args)

t.test('without a token, and with a wrong one', async (t) => {
  for (const token of [undefined, 'guess']) {
    const { code, stdout, stderr } = await cli(token, 'services', 'list')
    t.not(code, 0)
    t.match(stdout + stderr, /401|token is required|not known here/)
  }
})

t.test('only admins register', async (t) => {
  for (const role of ['read-only', 'operator'] as const) {
    says(t, await as(role, 'deployments', 'register', uri, '--yes'), 1, 'stderr', [
      `this needs the role admin, and token ${role} has ${role}`,
      'Http status code 403 Forbidden',
    ])
  }
  says(t, await as('admin', 'deployments', 'register', uri, '--yes'), 0, 'stdout', ['Counter'])
})

async function send(handler: string, key: string): Promise<string> {
  const response = await fetch(`${server.ingress}/Counter/${key}/${handler}/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(SECRET),
  })
  const answer = await response.json()
  return typeof answer === 'object' && answer !== null && 'invocationId' in answer ? String(answer.invocationId) : ''
}

t.test('every role looks; what callers said is not for readers', async (t) => {
  const id = await send('put', 'bob')
  await fetch(`${server.ingress}/restate/attach/${id}`)
  for (const role of roles) {
    says(t, await as(role, 'whoami'), 0, 'stdout', ['is healthy!'])
    says(t, await as(role, 'services', 'list'), 0, 'stdout', ['Counter'])
    says(t, await as(role, 'deployments', 'list'), 0, 'stdout', [uri])
    says(t, await as(role, 'invocations', 'list', '--all'), 0, 'stdout', ['Counter/bob/put'])
    says(t, await as(role, 'sql', 'SELECT key, value_length FROM state'), 0, 'stdout', ['word'])
    const described = await as(role, 'invocations', 'describe', id)
    says(t, described, 0, 'stdout', ['Counter/bob/put', 'Command: SetState'])
    const state = await as(role, 'kv', 'get', 'Counter', 'bob')
    t.equal(state.code, 0, state.stderr)
    const journal = await as(role, 'sql', `SELECT entry_json, raw FROM sys_journal WHERE id = '${id}'`)
    const values = await as(role, 'sql', 'SELECT value, value_utf8 FROM state')
    const seen = [described, state, journal, values].map(({ stdout }) => stdout).join('\n')
    const hasContent = seen.includes(SECRET) || seen.toLowerCase().includes(Buffer.from(SECRET).toString('hex'))
    t.equal(hasContent, role !== 'read-only', role)
  }
})

t.test('operators operate', async (t) => {
  const id = await send('hold', 'ann')
  const statusOf = async () => {
    const headers = { authorization: `Bearer ${tokenOf('read-only')}` }
    const answer: unknown = await (await fetch(`${server.admin}/invocations/${id}`, { headers })).json()
    return typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : undefined
  }
  const kill = ['invocations', 'cancel', id, '--kill', '--yes']
  await as('read-only', ...kill)
  t.equal(await statusOf(), 'running', 'the CLI tells of it, and exits with 0')
  says(t, await as('operator', ...kill), 0, 'stdout', [id])
  t.equal(await statusOf(), 'completed')
  const cleared = await as('operator', 'kv', 'clear', 'Counter/bob', '--yes')
  t.equal(cleared.code, 0, cleared.stderr)
})

t.test('over the Unix socket, without a token, with the role that it gives', async (t) => {
  const env = { RESTATE_ADMIN_URL: `unix:${join(baseDir, 'test', 'admin.sock')}` }
  says(t, await runCli(['services', 'list'], env), 0, 'stdout', ['Counter'])
  const { code } = await runCli(['deployments', 'register', uri, '--force', '--yes'], env)
  t.not(code, 0)
  const raised = { ...env, RESTATE_AUTH_TOKEN: tokenOf('admin') }
  says(t, await runCli(['deployments', 'register', uri, '--force', '--yes'], raised), 0, 'stdout', ['Counter'])
})
