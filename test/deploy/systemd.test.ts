import { execFile, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { end } from '../../examples/processes.ts'
import { startHeaderService } from '../e2e/nginx/header-service.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { readUnit, valueIn, valuesIn } from './unit-file.ts'
import { withChanges } from './with-changes.ts'

const root = join(import.meta.dirname, '../..')
const recipes = join(root, 'deploy/systemd')
const main = join(root, 'src/main.ts')
const run = promisify(execFile)

for (const program of ['/usr/bin/systemd-analyze', '/usr/bin/systemd-socket-activate']) {
  if (!existsSync(program)) throw new Error(`${program} is missing, and these tests need it: apt-get install systemd`)
}

const service = readUnit(join(recipes, 'perdure.service'))
const sockets = readdirSync(recipes)
  .filter((name) => name.endsWith('.socket'))
  .map((name) => readUnit(join(recipes, name)))

/** Where systemd puts the credentials of the service. */
function credentials(t: Test): string {
  const directory = join(shortDirectory(t), 'credentials')
  mkdirSync(directory, { mode: 0o700 })
  return directory
}

/** The environment of the unit, by name. */
function environment(credentialsDirectory: string): Record<string, string> {
  return Object.fromEntries(
    valuesIn(service, 'Environment').map((assignment) => {
      const [name = '', ...value] = assignment.split('=')
      return [name, value.join('=').replaceAll('%d', credentialsDirectory)]
    }),
  )
}

/** What stands behind the program and the script in ExecStart. */
const serverArguments = valueIn(service, 'ExecStart')
  .split(' ')
  .map((word) => (word === '/etc/perdure/restate.toml' ? join(recipes, 'restate.toml') : word))
  .slice(3)

t.test('systemd has nothing to say against the units', async (t) => {
  const directory = t.testdir()
  cpSync(recipes, directory, { recursive: true })
  const unit = join(directory, 'perdure.service')
  // Programs must be where the unit says.
  const changed = withChanges('perdure.service', readFileSync(unit, 'utf8'), [
    [/ExecStart=\/usr\/bin\/node /, `ExecStart=${process.execPath} `],
  ])
  writeFileSync(unit, changed)
  const units = readdirSync(directory).filter((name) => /\.(service|socket)$/.test(name))
  t.same(units.sort(), ['perdure-admin.socket', 'perdure-ingress.socket', 'perdure.service'])
  const { stdout, stderr } = await run('systemd-analyze', [
    'verify',
    '--man=no',
    ...units.map((name) => join(directory, name)),
  ])
  // What it says about other units of this machine is not about these.
  t.notMatch(stdout + stderr, /perdure/)
  const wrong = join(directory, 'perdure-wrong.service')
  writeFileSync(wrong, changed.replace('ProtectHome=yes', 'ProtectHome=maybe\nProtectHouse=yes'))
  const found = await run('systemd-analyze', ['verify', '--man=no', wrong])
  t.match(found.stderr, /maybe[\s\S]*ProtectHouse|ProtectHouse[\s\S]*maybe/, 'what is wrong it names')
})

t.test('the exposure of the service is 2.0 at most', async (t) => {
  const unit = join(recipes, 'perdure.service')
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', unit])
  const score = Number(/Overall exposure level for perdure\.service: (\d+\.\d+)/.exec(stdout)?.[1])
  t.comment(`exposure ${score}`)
  t.ok(score <= 2, `${score}`)
})

t.test('sockets are for the listeners of their names, and for one group each', async (t) => {
  const made = Object.fromEntries(
    sockets.map((unit) => [
      valueIn(unit, 'FileDescriptorName'),
      ['Service', 'ListenStream', 'SocketUser', 'SocketGroup', 'SocketMode'].map((name) => valueIn(unit, name)),
    ]),
  )
  t.same(made, {
    ingress: ['perdure.service', '/run/perdure/ingress.sock', 'perdure', 'www-data', '0660'],
    admin: ['perdure.service', '/run/perdure/admin.sock', 'perdure', 'perdure-ops', '0660'],
  })
  const users = readFileSync(join(recipes, 'perdure.sysusers'), 'utf8')
  t.match(users, /^u perdure /m)
  t.match(users, /^g perdure-ops /m)
  const stopMs = Number.parseInt(valueIn(service, 'TimeoutStopSec'), 10) * 1000
  t.ok(stopMs > 60_000, 'longer than shutdown-timeout')
})

t.test('the server takes the arguments and the environment of the unit', async (t) => {
  const keys = credentials(t)
  const env = { PATH: process.env.PATH ?? '', ...environment(keys) }
  const { stdout, stderr } = await run(process.execPath, [main, ...serverArguments, '--dump-config'], { env })
  t.equal(stderr, '')
  for (const line of [
    /^base-dir = "\/var\/lib\/perdure"/m,
    new RegExp(`key-file = "${join(keys, 'sealing-keys')}"`),
    new RegExp(`request-identity-private-key-pem-file = "${join(keys, 'identity.pem')}"`),
    /^mode = "strict"/m,
  ])
    t.match(stdout, line)
  const loaded = valuesIn(service, 'LoadCredential').map((credential) => credential.split(':')[0])
  t.same(loaded, ['sealing-keys', 'identity.pem'])
})

t.test('as systemd would start it, it serves calls and operators on the sockets, and nothing is open', async (t) => {
  const keys = credentials(t)
  const data = shortDirectory(t)
  const greeter = await startHeaderService(t)
  for (const words of [
    ['secrets', 'generate-key', join(keys, 'sealing-keys')],
    ['identity', 'generate', join(keys, 'identity.pem')],
  ])
    await run(process.execPath, [main, ...words])
  const env: Record<string, string> = {
    ...environment(keys),
    RESTATE_BASE_DIR: data,
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_EGRESS__ALLOW: new URL(greeter.uri).host,
  }

  const paths = sockets.map((unit) => join(data, basename(valueIn(unit, 'ListenStream'))))
  const [ingress = '', admin = ''] = ['ingress', 'admin'].map((name) => paths.find((path) => path.includes(name)))
  const child = spawn(
    'systemd-socket-activate',
    [
      ...paths.flatMap((path) => ['-l', path]),
      `--fdname=${sockets.map((unit) => valueIn(unit, 'FileDescriptorName')).join(':')}`,
      ...Object.entries(env).flatMap(([name, value]) => ['-E', `${name}=${value}`]),
      process.execPath,
      main,
      ...serverArguments,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  t.teardown(() => end(child))
  t.teardown(() => t.passing() || t.comment(said))
  for (let tries = 0; tries < 1500 && !paths.every((path) => existsSync(path)); tries++) await sleep(20)

  // The first connection starts it.
  const registered = await ask(admin, 'POST', '/deployments', JSON.stringify({ uri: greeter.uri }))
  t.equal(registered.status, 201, `${registered.body}${said}`)
  const called = await ask(ingress, 'POST', '/Headers/look')
  t.same([called.status, called.body], [200, '1'])
  t.match(said, /ingress +unix:\S+\/ingress\.sock +calls/, 'no port')
  t.match(said, /admin +unix:\S+\/admin\.sock +register/, 'no port')
  t.match(said, /fabric +http:\/\/127\.0\.0\.1:\d+ unix:\S+ +health/)
  t.match(greeter.seen[0]?.get('x-restate-ingress-path'), '/Headers/look')

  t.match(valueIn(service, 'ExecReload'), /-HUP \$MAINPID$/)
  child.kill('SIGHUP')
  t.equal((await ask(ingress, 'POST', '/Headers/look')).body, '2', 'a reload is no stop')

  // As root has put it into /etc: a checkout may belong to somebody else.
  const installed = join(shortDirectory(t), 'restate.toml')
  writeFileSync(installed, readFileSync(join(recipes, 'restate.toml')))
  const installedArguments = serverArguments.map((word) => (word.endsWith('/restate.toml') ? installed : word))
  const doctor = [main, 'doctor', 'security', ...installedArguments]
  const { stdout } = await run(process.execPath, doctor, { env: { PATH: process.env.PATH ?? '', ...env } })
  t.notMatch(stdout, /^OPEN/m)
  await end(child)
  t.ok(
    paths.every((path) => existsSync(path)),
    'sockets stay, for the next start',
  )
  t.equal(child.exitCode, 0, said)
})

async function ask(socketPath: string, method: string, path: string, body?: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>()
  const headers = { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const asked = request({ socketPath, method, path, headers, agent: false })
  asked.on('error', reject)
  asked.on('response', (response) => {
    text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject)
  })
  asked.end(body)
  return promise
}
