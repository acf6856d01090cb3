import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { doctorSecurityCommand } from '../../src/commands/doctor-security.ts'
import { ConfigCommandLine } from '../../src/errors/config.ts'
import { writeNewIdentityKey } from '../../src/invoker/identity-key.ts'
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

t.test('what cannot be understood', async (t) => {
  const surroundings = { env: {}, cwd: t.testdir(), write: () => t.fail('nothing is written') }
  await t.rejects(doctorSecurityCommand(['--dump-config'], surroundings), ConfigCommandLine)
  await t.rejects(doctorSecurityCommand(['--no-such-flag'], surroundings), { code: /^PERDURE_ERR_CONFIG_/ })
  let text = ''
  await doctorSecurityCommand(['--help'], { ...surroundings, write: (more) => (text += more) })
  t.match(text, /^Usage: perdure doctor security/)
})
