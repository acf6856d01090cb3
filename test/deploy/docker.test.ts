import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { end } from '../../examples/processes.ts'
import { startHeaderService } from '../e2e/nginx/header-service.ts'
import { register } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { environmentOf, execForm, instruction, readDockerfile } from './dockerfile.ts'
import { assembleImage } from './image.ts'

// No container engine: the files are read, what they say is done, and what they start is started.
t.setTimeout(300_000)
const root = join(import.meta.dirname, '../..')
const recipes = join(root, 'deploy/docker')
const run = promisify(execFile)
const stages = readDockerfile(readFileSync(join(recipes, 'Dockerfile'), 'utf8'))
const image = lastOf(stages)
const compose = parse(readFileSync(join(recipes, 'compose.yaml'), 'utf8'))
const service = compose.services.perdure

function lastOf<Item>(list: readonly Item[]): Item {
  const last = list.at(-1)
  if (last === undefined) throw new Error('the Dockerfile has no stage')
  return last
}

t.test('the image has a user without privileges, owns none of its code, and opens one port', async (t) => {
  t.equal(stages.length, 3)
  t.equal(instruction(image, 'USER'), '65532:65532')
  t.equal(instruction(image, 'EXPOSE'), '8080')
  const names = image.instructions.map(({ name }) => name)
  t.ok(names.lastIndexOf('COPY') < names.indexOf('USER'), 'code belongs to root')
  t.notOk(image.instructions.some(({ text }) => text.includes('--chown')))
  t.notMatch(readFileSync(join(recipes, 'Dockerfile'), 'utf8'), /\.pem|ADD |curl|wget|apt-get/)
  t.equal(new Set(stages.map((stage) => stage.image)).size, 1)
})

t.test('compose: one port on loopback, nothing writable but data, no privileges', async (t) => {
  t.same(Object.keys(compose.services), ['perdure'])
  t.same(service.ports, ['127.0.0.1:8080:8080'])
  t.equal(service.read_only, true)
  t.same(service.cap_drop, ['ALL'])
  t.same(service.security_opt, ['no-new-privileges:true'])
  for (const key of ['privileged', 'network_mode', 'pid', 'ipc', 'user', 'cap_add', 'devices'])
    t.notOk(key in service, key)
  const writable = service.volumes.filter((volume: string) => !volume.endsWith(':ro'))
  t.same(writable, ['data:/data', '/srv/perdure/run:/run/perdure'])
  t.notMatch(JSON.stringify(compose), /docker\.sock/)
  t.ok(Number.parseInt(service.stop_grace_period, 10) > 60)
  t.same(service.healthcheck.test, ['CMD', ...execForm(instruction(image, 'HEALTHCHECK'))])
})

t.test('the server takes the environment of image and compose, and one point is left to the proxy', async (t) => {
  const directory = shortDirectory(t)
  const env: Record<string, string> = { PATH: process.env.PATH ?? '', ...environmentOf(image) }
  for (const [name, value] of Object.entries(service.environment))
    env[name] = String(value)
      .replace(/^\$\{PERDURE_OPS_GID:\?.*\}$/, '990')
      .replace('/run/keys', directory)
  const main = join(root, 'src/main.ts')
  await run(process.execPath, [main, 'secrets', 'generate-key', join(directory, 'sealing-keys')])
  await run(process.execPath, [main, 'identity', 'generate', join(directory, 'identity.pem')])
  const { stdout, stderr } = await run(process.execPath, [main, '--dump-config'], { env })
  t.equal(stderr, '')
  t.match(stdout, /^base-dir = "\/data"/m)
  t.match(stdout, /^unix-socket-group = "990"/m)
  const doctor = { ...env, RESTATE_BASE_DIR: join(directory, 'data') }
  const found = await run(process.execPath, [main, 'doctor', 'security'], { env: doctor }).catch((error) => error)
  // Who calls is for the proxy to find out, which this process cannot see.
  t.same(found.stdout.match(/^OPEN +[\w-]+/gm), ['OPEN    ingress-authentication'])
  t.equal(service.group_add[0], service.environment.RESTATE_ADMIN__UNIX_SOCKET_GROUP)
})

const isRoot = process.getuid?.() === 0
const place = shortDirectory(t)
chmodSync(place, 0o755)
const imageRoot = assembleImage(place)
const app = join(imageRoot, instruction(image, 'WORKDIR'))
// The user of the image may not be able to get to the one of this checkout.
const node = join(place, 'node')
copyFileSync(process.execPath, node)
chmodSync(node, 0o755)

const everywhere = () => readdirSync(app, { recursive: true }).map((name) => join(app, String(name)))
// Another user's files are as good as read-only; one's own have to be made so.
const writable = (mode: number) => {
  if (isRoot) return
  for (const path of [app, ...everywhere()]) if (lstatSync(path).isDirectory()) chmodSync(path, mode)
}
writable(0o555)
t.teardown(() => writable(0o755))

interface Running {
  readonly child: ChildProcess
  said(): string
  /** URL of a listener. */
  url(listener: string): string
}

/** Starts what the image starts, as its user where that can be, with this environment beside that of the image and no other. */
async function startImage(t: Test, environment: Readonly<Record<string, string>>): Promise<Running> {
  const env = {
    ...environmentOf(image),
    RESTATE_INGRESS__BIND_IP: '127.0.0.1',
    RESTATE_USE_RANDOM_PORTS: 'true',
    // As a user without a name has it, and nowhere to put temporary files.
    HOME: '/',
    TMPDIR: app,
    ...environment,
  }
  const [program, ...args] = execForm(instruction(image, 'ENTRYPOINT'))
  t.equal(program, 'node')
  // Without what the test runner adds to every Node.
  const child = spawn('env', ['-i', ...Object.entries(env).map((pair) => pair.join('=')), node, ...args], {
    cwd: app,
    ...(isRoot ? { uid: 65532, gid: 65532 } : {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => end(child))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  for (let tries = 0; tries < 1000 && !said.includes('Next,') && child.exitCode === null; tries++) await sleep(20)
  const url = (listener: string): string => {
    const found = new RegExp(`${listener} +(http:\\S+)`).exec(said)?.[1]
    if (found === undefined) throw new Error(`it did not start: ${said}`)
    return found
  }
  return { child, said: () => said, url }
}

t.test('the image runs with production dependencies alone, and writes nothing but data', async (t) => {
  t.notOk(readdirSync(join(app, 'node_modules')).includes('typescript'))
  const snapshot = () => everywhere().map((path) => `${path} ${lstatSync(path).mtimeMs} ${lstatSync(path).size}`)
  const before = snapshot()
  const data = join(imageRoot, 'data')
  t.equal(lstatSync(data).mode & 0o7777, 0o700)
  const running = await startImage(t, { RESTATE_BASE_DIR: data })
  const [ingress, admin] = [running.url('ingress'), running.url('admin')]

  const greeter = await startHeaderService(t)
  await register(admin, greeter.uri)
  t.equal((await fetch(`${ingress}/Headers/look`, { method: 'POST' })).status, 200)
  const query = JSON.stringify({ query: 'SELECT id FROM sys_invocation' })
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  t.match(await (await fetch(`${admin}/query`, { method: 'POST', headers, body: query })).text(), /inv_1/)

  const [, ...check] = execForm(instruction(image, 'HEALTHCHECK'))
  const health = () =>
    run(
      node,
      check.map((word) => word.replace('127.0.0.1:8080', new URL(ingress).host)),
    )
  await t.resolves(health())
  await end(running.child)
  t.equal(running.child.exitCode, 0)
  await t.rejects(health(), { code: 1 })
  t.same(snapshot(), before)
  t.ok(readdirSync(data).includes('perdure'), 'the data is in its directory')
})

t.test('as the kubelet starts it: a volume and keys of a group, and tokens for admin', async (t) => {
  const volume = join(place, 'volume')
  const keys = join(place, 'keys')
  for (const directory of [volume, keys]) {
    mkdirSync(directory)
    chmodSync(directory, 0o755)
  }
  const cli = async (...words: readonly string[]) =>
    (await run(process.execPath, [join(root, 'src/main.ts'), ...words])).stdout
  await cli('secrets', 'generate-key', join(keys, 'sealing-keys'))
  await cli('identity', 'generate', join(keys, 'identity.pem'))
  const [, token = '', line = ''] = /^token +(\S+)\nline +(.*)$/m.exec(await cli('admin-token', 'ada', 'admin')) ?? []
  writeFileSync(join(keys, 'admin-tokens'), `${line}\n`)
  for (const name of readdirSync(keys)) chmodSync(join(keys, name), isRoot ? 0o440 : 0o400)
  // What fsGroup makes of them.
  if (isRoot) {
    for (const path of [volume, ...readdirSync(keys).map((name) => join(keys, name))]) chownSync(path, 0, 65532)
    chmodSync(volume, 0o2775)
  }

  const [set] = parseAllDocuments(readFileSync(join(root, 'deploy/kubernetes/perdure.yaml'), 'utf8'))
    .map((document) => document.toJS())
    .filter(({ kind }) => kind === 'StatefulSet')
  const { env: variables } = set.spec.template.spec.containers[0]
  const environment: Record<string, string> = Object.fromEntries(
    variables.map(({ name, value }: { readonly name: string; readonly value: string }) => [
      name,
      value.replace(/^\/data(?=\/)/, volume).replace('/etc/perdure/keys', keys),
    ]),
  )
  // Only this machine may reach what is started here.
  const local = { ...environment, RESTATE_BIND_IP: '127.0.0.1' }
  t.not(environment.RESTATE_BASE_DIR, volume, 'below the root of the volume, which is open to its group')
  for (let start = 0; start < 2; start++) {
    const running = await startImage(t, local)
    const ask = (headers: Readonly<Record<string, string>>) => asked(running.url('admin'), headers)
    const host = 'perdure-admin.perdure.svc:9070'
    const authorization = `Bearer ${token}`
    t.equal(await ask({ host }), 401)
    t.equal(await ask({ host, authorization }), 200)
    t.equal(await ask({ host: 'perdure-admin.elsewhere.svc:9070', authorization }), 403)
    t.match(running.said(), /"event":"sealed"/)
    t.match(running.said(), /"event":"request-identity"/)
    await end(running.child)
    t.equal(running.child.exitCode, 0)
  }

  const doctor = await run(process.execPath, [join(root, 'src/main.ts'), 'doctor', 'security'], {
    env: { PATH: process.env.PATH ?? '', ...environment },
  }).catch((error) => error)
  // These two the network policy closes; the files are for another user to look at when this is root.
  const open = doctor.stdout.match(/(?<=^OPEN +)[\w-]+/gm)
  for (const check of ['ingress-authentication', 'fabric-exposure']) t.ok(open.includes(check))
  for (const check of ['admin-exposure', 'egress', 'journaled-headers']) t.notOk(open.includes(check))
  if (isRoot) t.match(doctor.stdout, /^OPEN +data-directory: .*belongs to another user.*Run it as that user/m)
  else t.notOk(open.includes('data-directory'))

  // What "Always" does at every start.
  await run('chmod', ['-R', 'g+rwX', environment.RESTATE_BASE_DIR ?? ''])
  const refused = await startImage(t, local)
  t.match(refused.said(), /other users of this machine could read or change/)
  t.equal(refused.child.exitCode, 1)
})

async function asked(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const request = get(`${url}/services`, { headers, agent: false })
  const [response] = await once(request, 'response')
  response.resume()
  return response.statusCode
}
