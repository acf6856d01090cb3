import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { doctorSecurityCommand } from '../../src/commands/doctor-security.ts'
import { ConfigCommandLine } from '../../src/errors/config.ts'
import { writeNewIdentityKey } from '../../src/invoker/identity-key.ts'
import { createKeyFile } from '../../src/sealing/key-file.ts'
import { register, startServerProcess, startServiceProcess } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function doctor(cwd: string, ...args: string[]): Promise<Ended> {
  try {
    const ended = await promisify(execFile)(process.execPath, [main, 'doctor', 'security', ...args], {
      cwd,
      env: { PATH: process.env.PATH },
    })
    return { code: 0, ...ended }
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && 'stderr' in error && 'code' in error)
      return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) }
    throw error
  }
}

t.test('a server as it comes, then one that is closed', async (t) => {
  const cwd = shortDirectory(t)
  const asItComes = await doctor(cwd, '--node-name', 'test')
  t.equal(asItComes.code, 1, asItComes.stderr)
  t.match(
    asItComes.stdout,
    /^OPEN {4}ingress-authentication: ingress listens on 0\.0\.0\.0|^OPEN {4}ingress-authentication/m,
  )
  t.match(asItComes.stdout, /\d+ open, \d+ to think about\. No running server was found/)

  const server = await startServerProcess(cwd, { RESTATE_LISTEN_MODE: 'all' })
  t.teardown(() => server.stop())
  const service = await startServiceProcess(join(import.meta.dirname, '../durability/service.ts'))
  t.teardown(() => service.stop())
  await register(server.admin, service.uri)
  writeNewIdentityKey(join(cwd, 'identity.pem'))
  writeFileSync(join(cwd, 'tokens'), '', { mode: 0o600 })
  writeFileSync(
    join(cwd, 'restate.toml'),
    `base-dir = "."
node-name = "test"
max-journal-retention = "7d"
[ingress]
bind-ip = "127.0.0.1"
[admin]
tokens-file = "tokens"
[worker.invoker]
request-identity-private-key-pem-file = "identity.pem"
[egress]
mode = "strict"
allow = ["127.0.0.1"]
`,
  )
  const closed = await doctor(cwd, '--config-file', 'restate.toml', '--json')
  const report = JSON.parse(closed.stdout)
  const verdictOf = (name: string) => report.findings.find(({ check }: { check: string }) => check === name)?.verdict
  t.equal(typeof report.running, 'string', 'the running server answers')
  for (const name of [
    'ingress-authentication',
    'admin-tokens',
    'request-identity',
    'egress',
    'deployments',
    'data-directory',
    'journal-retention',
  ])
    t.equal(verdictOf(name), 'ok', name)

  chmodSync(join(cwd, 'identity.pem'), 0o644)
  const exposed = await doctor(cwd, '--config-file', 'restate.toml')
  t.equal(exposed.code, 1)
  t.match(exposed.stdout, /^OPEN {4}request-identity: .*identity\.pem: .*mode 0644.*chmod 600/m)
  t.notMatch(exposed.stdout, /PRIVATE KEY/)
})

/** On disk as it is found: each breaks one thing of what was fine. */
t.test('whatever is broken is found, each by its name', async (t) => {
  const make = () => {
    const cwd = shortDirectory(t)
    const place = (name: string) => join(cwd, name)
    for (const name of ['keys', 'data', 'sockets']) mkdirSync(place(name), { mode: 0o700 })
    writeNewIdentityKey(place('keys/identity.pem'))
    createKeyFile(place('keys/sealing'))
    writeFileSync(place('keys/tokens'), '', { mode: 0o600 })
    writeFileSync(place('keys/api-keys'), '', { mode: 0o644 })
    const settings = {
      '': ['base-dir = "data"', 'node-name = "test"', 'max-journal-retention = "7d"', 'bind-ip = "127.0.0.1"'],
      ingress: [],
      'ingress.auth': ['api-keys-file = "keys/api-keys"'],
      admin: ['tokens-file = "keys/tokens"', 'listen-mode = "all"', 'unix-socket-path = "sockets/admin.sock"'],
      secrets: ['key-file = "keys/sealing"'],
      'worker.invoker': ['request-identity-private-key-pem-file = "keys/identity.pem"'],
      egress: ['mode = "strict"', 'allow = ["127.0.0.1:9080"]'],
    }
    const write = (more: Partial<Record<keyof typeof settings, string>>) => {
      const tables = Object.entries(settings).map(([table, lines]) => {
        const key = table as keyof typeof settings
        return [table === '' ? '' : `[${table}]`, ...lines, more[key] ?? ''].join('\n')
      })
      writeFileSync(place('restate.toml'), tables.join('\n'), { mode: 0o644 })
    }
    write({})
    return { cwd, place, write }
  }
  type Made = ReturnType<typeof make>
  const openIn = async ({ cwd }: Made) => {
    let text = ''
    const argv = ['--config-file', 'restate.toml']
    await doctorSecurityCommand(argv, { env: {}, cwd, write: (more) => (text += more) })
    return text.split('\n').filter((line) => line.startsWith('OPEN'))
  }
  t.same(await openIn(make()), [])
  const breaks: readonly (readonly [what: RegExp, how: (made: Made) => void])[] = [
    [/admin-tokens: .*tokens is not there/, ({ place }) => rmSync(place('keys/tokens'))],
    [/admin-tokens: .*mode 0640/, ({ place }) => chmodSync(place('keys/tokens'), 0o640)],
    [/trusted-keys: .*api-keys.*can change it/, ({ place }) => chmodSync(place('keys/api-keys'), 0o666)],
    [/request-identity: .*mode 0604/, ({ place }) => chmodSync(place('keys/identity.pem'), 0o604)],
    [/sealing-key: .*is not there/, ({ place }) => rmSync(place('keys/sealing'))],
    [/unix-sockets: .*socket of admin could be/, ({ place }) => chmodSync(place('sockets'), 0o777)],
    [/configuration-file: .*can change it/, ({ place }) => chmodSync(place('restate.toml'), 0o666)],
    [/journaled-headers: /, ({ write }) => write({ ingress: 'header-allow-list-extra = ["cookie"]' })],
    [/fabric-exposure: /, ({ write }) => write({ '': 'bind-address = "0.0.0.0:5122"' })],
    [/log-filter: /, ({ write }) => write({ '': 'log-filter = "trace"' })],
  ]
  for (const [what, how] of breaks) {
    const made = make()
    how(made)
    const found = await openIn(made)
    t.match(found, [what], String(what))
    t.equal(found.length, 1, found.join('\n'))
  }

  // The one thing that breaks them all.
  const made = make()
  chmodSync(made.place('keys'), 0o777)
  const found = (await openIn(made)).map((line) => /^OPEN +([\w-]+): .*every user can replace/.exec(line)?.[1])
  t.same(found, ['admin-tokens', 'trusted-keys', 'sealing-key', 'request-identity'])
})

t.test('a key file that the data needs is missed before the restart', async (t) => {
  const cwd = shortDirectory(t)
  const [first, second] = [join(cwd, 'first'), join(cwd, 'second')]
  for (const file of [first, second]) createKeyFile(file)
  const server = await startServerProcess(cwd, { RESTATE_SECRETS__KEY_FILE: first })
  await server.stop()
  const told = async (keyFile: string) => {
    let text = ''
    const env = { RESTATE_BASE_DIR: cwd, RESTATE_NODE_NAME: 'test', RESTATE_SECRETS__KEY_FILE: keyFile }
    await doctorSecurityCommand([], { env, cwd, write: (more) => (text += more) })
    return text
  }
  t.match(await told(first), /^ok +sealing-key: secrets on disk are sealed/m)
  t.match(
    await told(second),
    /^OPEN +sealing-key: data is sealed under the key with id [0-9a-f]{16}, and \S+second does not/m,
  )
})

t.test('what cannot be understood', async (t) => {
  const surroundings = { env: {}, cwd: t.testdir(), write: () => t.fail('nothing is written') }
  await t.rejects(doctorSecurityCommand(['--dump-config'], surroundings), ConfigCommandLine)
  await t.rejects(doctorSecurityCommand(['--no-such-flag'], surroundings), { code: /^PERDURE_ERR_CONFIG_/ })
  let text = ''
  await doctorSecurityCommand(['--help'], { ...surroundings, write: (more) => (text += more) })
  t.match(text, /^Usage: perdure doctor security/)
})
