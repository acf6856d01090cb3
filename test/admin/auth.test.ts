import { createHash } from 'node:crypto'
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { AdminAuth } from '../../src/admin/auth/admin-auth.ts'
import { adminTarget } from '../../src/admin/target.ts'
import { adminTokenCommand } from '../../src/commands/admin-token.ts'
import type { AdminAuthConfig } from '../../src/config/config.ts'
import { EntryType } from '../../src/core/entry-type.ts'
import { AdminBadTokensFile } from '../../src/errors/admin.ts'
import { ConfigCommandLine } from '../../src/errors/config.ts'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { createListener } from '../../src/listen/listener.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { encodeSetState } from '../../src/protocol/messages/set-state.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { load, messageOf } from '../config/load.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { listenerConfig, noAuth, testAdmin, testAuth } from './admin-app.ts'
import { dpA, invocation, invocationId, service } from './samples.ts'

const hashOf = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`
const tokens: AdminAuthConfig['tokens'] = {
  dashboard: { role: 'read-only', hash: hashOf('token-of-dashboard') },
  oncall: { role: 'operator', hash: hashOf('token-of-oncall') },
  ci: { role: 'admin', hash: hashOf('token-of-ci') },
}
const bearer = (name: string) => ({ authorization: `Bearer token-of-${name}` })

t.test('no token, a wrong one, and one that may not do this', async (t) => {
  await using admin = testAdmin({ auth: testAuth({ tokens }) })
  const get = (headers: Record<string, string>) => admin.app.inject({ url: '/deployments', headers })
  for (const headers of [
    {},
    { authorization: 'Basic YTpi' },
    { authorization: 'Bearer ' },
    { 'x-api-key': 'token-of-ci' },
  ]) {
    const answer = await get(headers)
    t.equal(answer.statusCode, 401)
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="admin"')
    t.match(answer.json(), { message: /a token is required.*RESTATE_AUTH_TOKEN/, restate_code: null })
  }
  for (const token of ['token-of-c', 'ci', hashOf('token-of-ci'), 't'.repeat(5000)]) {
    const answer = await get({ authorization: `Bearer ${token}` })
    t.equal(answer.statusCode, 401)
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="admin", error="invalid_token"')
    t.strictSame(answer.json(), { message: 'the token is not known here', restate_code: null })
  }
  for (const name of ['dashboard', 'oncall', 'ci']) t.equal((await get(bearer(name))).statusCode, 200, name)
  t.equal((await get({ authorization: 'bearer  token-of-ci' })).statusCode, 200, 'the scheme has no case')

  const forbidden = await admin.app.inject({ method: 'POST', url: '/deployments', headers: bearer('oncall') })
  t.equal(forbidden.statusCode, 403)
  t.strictSame(forbidden.json(), {
    message: 'this needs the role admin, and token oncall has operator',
    restate_code: null,
  })
  t.equal((await admin.app.inject({ url: '/nope' })).statusCode, 401, 'nothing is told to strangers')
  t.equal((await admin.app.inject({ url: '/nope', headers: bearer('dashboard') })).statusCode, 404)
  t.equal((await admin.app.inject({ url: '/v3/health' })).statusCode, 200)
})

t.test('what came of it is counted, and told once in a while', async (t) => {
  const auth = testAuth({ tokens })
  await using admin = testAdmin({ auth })
  for (let i = 0; i < 20; i++) {
    await admin.app.inject({ url: '/services?token=token-of-ci' })
    await admin.app.inject({ url: '/services', headers: { authorization: 'Bearer guess-0123456789' } })
  }
  await admin.app.inject({ method: 'DELETE', url: '/deployments/x', headers: bearer('dashboard') })
  await admin.app.inject({ url: '/services', headers: bearer('dashboard') })
  t.strictSame(auth.counts, { accepted: 1, missing: 20, refused: 20, forbidden: 1 })
  t.match(admin.log.info, [
    { event: 'admin-authentication-failed', path: '/services', failures: 1, remoteAddress: '127.0.0.1' },
    {
      event: 'admin-write',
      action: 'forbidden',
      method: 'DELETE',
      path: '/deployments/x',
      caller: 'token dashboard',
      role: 'read-only',
      neededRole: 'admin',
      result: 'refused',
      status: 403,
      errorCode: 'PERDURE_ERR_ADMIN_ROLE_TOO_LOW',
    },
  ])
  t.equal(admin.log.info.length, 2)
  t.notMatch(JSON.stringify(admin.log), /token-of|guess/)
})

t.test('the audit names who wrote', async (t) => {
  const register = { method: 'POST', url: '/deployments', payload: { uri: 'http://localhost:9080' } } as const
  const callerWith = async (config: Partial<AdminAuthConfig>, more: object) => {
    await using admin = testAdmin({ auth: testAuth(config) })
    t.match((await admin.app.inject({ ...register, ...more })).statusCode, /^20[01]$/)
    const { caller, role } = admin.log.info[0] ?? {}
    t.notMatch(JSON.stringify(admin.log), /token-of/)
    return [caller, role]
  }
  t.strictSame(await callerWith({ tokens }, { headers: bearer('ci') }), ['token ci', 'admin'])
  t.strictSame(await callerWith({}, {}), ['loopback peer', 'admin'])
  t.strictSame(await callerWith({}, { headers: bearer('ci') }), ['loopback peer', 'admin'], 'nobody asks for tokens')
  t.strictSame(await callerWith({}, { remoteAddress: '::1' }), ['loopback peer', 'admin'])
  t.strictSame(await callerWith({}, { remoteAddress: '10.1.2.3' }), ['unauthenticated peer', 'admin'])
})

t.test('roles of a Unix socket, which a token raises and never lowers', async (t) => {
  const directory = shortDirectory(t)
  const cases: readonly (readonly [
    config: Partial<AdminAuthConfig>,
    headers: Record<string, string>,
    status: number,
    caller: readonly unknown[],
  ])[] = [
    [{ tokens }, {}, 200, ['unix socket', 'admin']],
    [{ unixSocketRole: 'read-only' }, {}, 403, ['unix socket', 'read-only']],
    [{ tokens, unixSocketRole: 'operator' }, {}, 200, ['unix socket', 'operator']],
    [{ tokens, unixSocketRole: 'operator' }, bearer('dashboard'), 200, ['token dashboard', 'operator']],
    [{ tokens, unixSocketRole: 'read-only' }, bearer('oncall'), 200, ['token oncall', 'operator']],
    [{ tokens }, { authorization: 'Bearer no' }, 401, [undefined, undefined]],
  ]
  for (const [place, [config, headers, status, caller]] of cases.entries()) {
    const lines: string[] = []
    const log = logInto(lines)
    const socketPath = join(directory, `${place}.sock`)
    await using listener = createListener('admin', listenerConfig('unix', socketPath), log, {
      routedTarget: adminTarget,
    })
    testAdmin({ auth: testAuth(config), log }, [service('Counter', { type: 'VirtualObject' })], listener.app)
    await listener.start()
    const answered = await deleteOver(socketPath, headers)
    t.equal(answered === 202 ? 200 : answered, status, JSON.stringify(config))
    const line = lines.map((text) => JSON.parse(text)).find(({ event }) => event === 'admin-write') ?? {}
    t.strictSame([line.caller, line.role], caller)
    if (status !== 401) t.equal(line.peer, 'unix')
  }
})

t.test('the audit knows where a write came from when the connection is gone', async (t) => {
  const directory = shortDirectory(t)
  const path = '/invocations/inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'
  for (const mode of ['tcp', 'unix'] as const) {
    for (const version of [1, 2]) {
      const lines: string[] = []
      const log = logInto(lines)
      const socketPath = join(directory, `gone-${version}.sock`)
      await using listener = createListener('admin', listenerConfig(mode, socketPath), log, {
        routedTarget: adminTarget,
      })
      const { client } = testAdmin({ auth: testAuth({ tokens }), log }, [], listener.app)
      const begun = Promise.withResolvers<void>()
      const gone = Promise.withResolvers<void>()
      const operate = client.operate.bind(client)
      client.operate = async (...asked: Parameters<typeof operate>) => {
        begun.resolve()
        await gone.promise
        return operate(...asked)
      }
      const [bound] = await listener.start()
      const socket = bound?.kind === 'tcp' ? connect(bound.port, bound.host) : connect(socketPath)
      const session = version === 2 ? connectHttp2('http://localhost', { createConnection: () => socket }) : undefined
      if (session === undefined) {
        socket.write(`DELETE ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-of-ci\r\n\r\n`)
      } else {
        const stream = session.request({ ':method': 'DELETE', ':path': path, ...bearer('ci') })
        stream.on('error', () => {})
        stream.end()
      }
      await begun.promise
      session?.destroy()
      socket.destroy()
      await eventually(() => listener.stats.connections === 0)
      gone.resolve()
      await eventually(() => lines.some((line) => line.includes('admin-write')))
      const line = JSON.parse(lines.find((text) => text.includes('admin-write')) ?? '{}')
      t.equal(line.peer, mode, `HTTP/${version}`)
      t.equal(line.remoteAddress, mode === 'tcp' ? '127.0.0.1' : undefined, `HTTP/${version} over ${mode}`)
    }
  }
})

async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 6000 && !condition(); i++) await delay(5)
}

function logInto(lines: string[]) {
  return createLogger(
    { logFilter: 'info', logFormat: 'json', logDisableAnsiCodes: true },
    { write: (line) => void lines.push(line) },
  )
}

/** An operation on an invocation that does not exist, which is answered 202 all the same. */
function deleteOver(socketPath: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const path = '/invocations/inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz'
    const call = httpRequest({ socketPath, method: 'DELETE', path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.once('error', reject)
    call.end()
  })
}

t.test('the file of tokens', async (t) => {
  const file = join(shortDirectory(t), 'tokens')
  const put = (text: string, mode = 0o600) => {
    writeFileSync(`${file}.new`, text)
    chmodSync(`${file}.new`, mode)
    renameSync(`${file}.new`, file)
  }
  let nowMs = 0
  const log: unknown[] = []
  const logged = (fields: unknown) => void log.push(fields)
  const make = () =>
    new AdminAuth({ ...noAuth, tokensFile: file }, { now: () => nowMs, log: { info: logged, error: logged } })
  const whoIs = (auth: AdminAuth, token: string) => {
    const rawHeaders = ['Authorization', `Bearer ${token}`]
    const caller = auth.identify({ rawHeaders, socket: { remoteAddress: '127.0.0.1' } })
    return caller instanceof PerdureError ? caller.code : caller.name
  }
  const unknown = 'PERDURE_ERR_ADMIN_BAD_TOKEN'

  t.throws(make, AdminBadTokensFile, 'there is none')
  for (const [text, mode, reason] of [
    [`ci admin ${hashOf('a')}\n`, 0o640, /mode 0640.*chmod 600/],
    [`ci admin ${hashOf('a')}\n`, 0o602, /mode 0602/],
    [`# tokens\nci root ${hashOf('a')}\n`, 0o600, /line 2: expected a role, one of read-only, operator, admin/],
    ['ci admin token-of-ci\n', 0o600, /line 1: .*the hash of the key, never the key/],
    [`ci admin ${hashOf('a')} more\n`, 0o600, /line 1/],
  ] as const) {
    put(text, mode)
    t.throws(make, { code: AdminBadTokensFile.definition.code, message: reason })
    t.notMatch(messageOf(make), /token-of/)
  }
  put('# nobody yet\n')
  const auth = make()
  t.equal(auth.asksForTokens, true)
  t.equal(whoIs(auth, 'a'), unknown, 'an empty file lets nobody in')
  put(`ci admin ${hashOf('a')}\n`)
  t.equal(whoIs(auth, 'a'), unknown, 'not looked at all the time')
  nowMs += 1000
  t.equal(whoIs(auth, 'a'), 'token ci')
  put(`ci admin ${hashOf('b')}\n`, 0o644)
  nowMs += 1000
  t.equal(whoIs(auth, 'a'), 'token ci', 'what cannot be used leaves what there was')
  t.match(log, [
    { event: 'admin-tokens-read', keys: 1 },
    { event: 'admin-tokens-unreadable', reason: /0644/ },
  ])
  t.throws(() => auth.reload(), AdminBadTokensFile)
  put(`ci admin ${hashOf('b')}\n`)
  auth.reload()
  t.equal(whoIs(auth, 'a'), unknown)
  t.equal(whoIs(auth, 'b'), 'token ci')

  rmSync(file)
  nowMs += 1000
  t.equal(whoIs(auth, 'b'), 'token ci', 'as an editor does it')
  put(`ci admin ${hashOf('c')}\n`)
  nowMs += 1000
  t.equal(whoIs(auth, 'b'), unknown)
  t.equal(whoIs(auth, 'c'), 'token ci')
  put(`ci admin ${hashOf('b')}\n`)
  nowMs += 1000
  t.equal(whoIs(auth, 'b'), 'token ci')

  rmSync(file)
  nowMs += 1000
  t.equal(whoIs(auth, 'b'), 'token ci')
  nowMs += 1000
  t.equal(whoIs(auth, 'b'), unknown, 'who takes the file away takes the tokens away')
  t.match(log.at(-1), { event: 'admin-tokens-gone', keys: 0 })
  const told = log.length
  nowMs += 1000
  t.equal(whoIs(auth, 'b'), unknown)
  t.equal(log.length, told, 'told once')
  put(`ci admin ${hashOf('b')}\n`)
  nowMs += 1000
  t.equal(whoIs(auth, 'b'), 'token ci', 'and back')
  rmSync(file)
  nowMs += 60_000
  t.equal(whoIs(auth, 'b'), unknown, 'at once, when nobody has come for a while')
  put(`ci admin ${hashOf('b')}\n`)
  auth.reload()
  t.equal(whoIs(auth, 'b'), 'token ci')
  rmSync(file)
  auth.reload()
  t.equal(whoIs(auth, 'b'), unknown, 'on SIGHUP at once')
  t.notMatch(JSON.stringify(log), new RegExp(hashOf('b')))
})

t.test('perdure admin-token makes what the configuration takes', (t) => {
  let said = ''
  adminTokenCommand(['ci', 'operator'], (text) => {
    said += text
  })
  const [, token = '', name, role, hash] = /^token {2}(\S{43})\nline {3}(\S+) (\S+) (\S+)\n$/.exec(said) ?? []
  t.strictSame([name, role, hash], ['ci', 'operator', hashOf(token)])
  const { config, dump } = load({ file: `[admin.tokens]\nci = "operator ${hash}"` })
  t.strictSame(config.admin.auth.tokens, { ci: { role: 'operator', hash } })
  t.notMatch(dump(), hash ?? '')
  const fromEnv = load({ env: { RESTATE_ADMIN__TOKENS__CI: `admin ${hash}`, RESTATE_ADMIN__TOKENS_FILE: 'tokens' } })
  t.match(fromEnv.config.admin.auth, { tokens: { ci: { role: 'admin', hash } }, tokensFile: '/srv/tokens' })
  for (const argv of [[], ['ci'], ['ci', 'root'], ['a b', 'admin'], ['ci', 'admin', 'more'], ['--x', 'admin']]) {
    t.throws(() => adminTokenCommand(argv, () => {}), ConfigCommandLine, argv.join(' '))
  }
  for (const value of ['token-of-ci', `root ${hash}`, `operator token-of-ci`, `operator  ${hash}`]) {
    const message = messageOf(() => load({ file: `[admin.tokens]\nci = "${value}"` }))
    t.match(message, /admin\.tokens/)
    t.notMatch(message, /token-of/)
  }
  t.end()
})

t.test('what each role is shown of deployments and invocations', async (t) => {
  await using admin = testAdmin({ auth: testAuth({ tokens }) }, [service('Greeter')])
  const uri = 'https://fn.example/api?code=hunter2'
  const payload = { uri, additional_headers: { 'x-plain': 'plain', authorization: 'Bearer abc' } }
  await admin.app.inject({ method: 'POST', url: '/deployments', headers: bearer('ci'), payload })
  const shown = async (name: string, url: string) => (await admin.app.inject({ url, headers: bearer(name) })).json()
  for (const name of ['dashboard', 'oncall']) {
    for (const deployment of [
      await shown(name, `/deployments/${dpA}`),
      (await shown(name, '/deployments')).deployments[0],
    ]) {
      t.match(deployment, {
        uri: 'https://fn.example/api?***',
        additional_headers: { 'x-plain': '***', authorization: '***' },
      })
    }
  }
  t.match(await shown('ci', `/deployments/${dpA}`), {
    uri,
    additional_headers: { 'x-plain': 'plain', authorization: '***' },
  })
})

t.test('what each role is shown of an invocation and its journal', async (t) => {
  await using admin = testAdmin({ auth: testAuth({ tokens }) })
  const text = 'swordfish'
  const value = Buffer.from(`"${text}"`)
  const failure = { code: 409, message: text, metadata: [['note', text] as const] }
  const lastFailure = { code: 500, message: text, restateCode: 'RT0007', relatedCommandName: 'charge' }
  const appendedAt = 0
  const headers = [['x-note', text] as const]
  const command = (type: EntryType, payload: Uint8Array) =>
    ({ kind: 'command', type, payload, completionIds: [], appendedAt }) as const
  admin.client.put(
    invocation({
      status: 'completed',
      completedAt: 1,
      result: { kind: 'failure', failure },
      retry: { countedFailures: 1, failuresSinceLastEntry: 1, lastFailure, nextAttemptAt: 1 },
      events: [{ kind: 'transient-error', at: 1, afterEntries: 1, failure: lastFailure }],
      journal: [
        { kind: 'input', headers, body: value, appendedAt },
        command(EntryType.SetState, encodeSetState({ name: '', key: Buffer.from('count'), value })),
        {
          kind: 'notification',
          type: EntryType.Run,
          key: { kind: 'completion', id: 1 },
          result: { kind: 'failure', failure },
          appendedAt,
        },
        command(EntryType.Output, encodeOutput({ name: 'out', result: { kind: 'value', value } })),
        command(EntryType.Run, Buffer.from(text)),
      ],
    }),
  )
  const shown = async (name: string, path = '') =>
    (await admin.app.inject({ url: `/invocations/${invocationId}${path}`, headers: bearer(name) })).body
  for (const path of ['', '/journal']) {
    t.match(await shown('ci', path), text)
    t.equal(await shown('oncall', path), await shown('ci', path), 'operators see what they operate')
    t.notMatch(await shown('dashboard', path), text)
  }
  t.match(JSON.parse(await shown('dashboard')), {
    completion_failure: '[409] ***',
    completion_failure_details: { code: 409, message: '***' },
    last_failure: '[500] ***',
    last_failure_error_code: 'RT0007',
    last_failure_related_command_name: 'charge',
    events: [{ event_type: 'TransientError', last_failure: '[500] ***' }],
  })
  t.match(JSON.parse(await shown('dashboard', '/journal')).entries, [
    {
      entry_type: 'Command: Input',
      headers: [{ name: 'x-note', value: '***' }],
      body: { text: '***', size_bytes: 11 },
    },
    { entry_type: 'Command: SetState', key: { text: 'count' }, value: { text: '***', size_bytes: 11 } },
    { completion_id: 1, result: { failure: { code: 409, message: '***' } } },
    { name: 'out', result: { success: { text: '***', size_bytes: 11 } } },
    {},
  ])
})
