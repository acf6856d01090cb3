import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { end } from '../../examples/processes.ts'
import { startActivated } from '../harness/activated-process.ts'
import { freePort } from '../harness/free-port.ts'
import { shortDirectory } from '../harness/short-directory.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

function environment(directory: string): Record<string, string> {
  return {
    RESTATE_BASE_DIR: directory,
    RESTATE_NODE_NAME: 'test',
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_LOG_FILTER: 'warn',
  }
}

function getOverSocket(socketPath: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject).end()
  })
}

t.test('passed sockets are taken in place of those of the configuration, and stay when the server ends', async (t) => {
  const directory = shortDirectory(t)
  const [ingressSocket, adminSocket] = [join(directory, 'i.sock'), join(directory, 'a.sock')]
  const activated = await startActivated(
    [
      { kind: 'tcp', host: '127.0.0.1' },
      { kind: 'unix', path: adminSocket },
      { kind: 'unix', path: ingressSocket },
    ],
    [main],
    { ...environment(directory), LISTEN_FDNAMES: 'ingress:admin:ingress' },
  )
  t.teardown(() => end(activated.child))
  const [port] = activated.ports
  await activated.until(/fabric +http:/)
  t.match(activated.said(), `ingress  http://127.0.0.1:${port} unix:${ingressSocket}`)
  t.match(activated.said(), new RegExp(`admin    unix:${adminSocket} `), 'and no port')
  t.notOk(existsSync(join(directory, 'test/ingress.sock')))
  t.notOk(existsSync(join(directory, 'test/admin.sock')))
  t.ok(existsSync(join(directory, 'test/fabric.sock')), 'a listener without a passed socket binds its own')

  t.equal((await fetch(`http://127.0.0.1:${port}/restate/health`)).status, 200)
  t.equal(await getOverSocket(ingressSocket, '/restate/health'), 200)
  t.equal(await getOverSocket(adminSocket, '/health'), 200)

  // A query runs in a child process: it has neither the sockets nor the variables.
  const asked = request({
    socketPath: adminSocket,
    path: '/query',
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  })
  asked.end('{"query":"SELECT 1 AS one"}')
  const [answer] = await once(asked, 'response')
  answer.resume()
  t.equal(answer.statusCode, 200)
  const { pid = 0 } = activated.child
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  for (const child of children.filter((id) => id !== '')) {
    t.notMatch(readFileSync(`/proc/${child}/environ`, 'utf8'), /LISTEN_/)
  }

  await end(activated.child)
  t.equal(activated.child.exitCode, 0)
  for (const path of [ingressSocket, adminSocket]) t.ok(lstatSync(path).isSocket(), 'it belongs to who made it')
})

t.test('what cannot be is refused at start, with the way out', async (t) => {
  const tcp = { kind: 'tcp', host: '127.0.0.1' } as const
  const everywhere = { kind: 'tcp', host: '0.0.0.0' } as const
  const cases = [
    [
      [tcp],
      { LISTEN_FDNAMES: 'perdure.socket' },
      /named "perdure\.socket", which is no listener.*\n.*ACTIVATION_INVALID/,
    ],
    [[tcp], { LISTEN_FDNAMES: 'ingress:admin', LISTEN_FDS: '2' }, /passed socket 4, for admin, cannot be listened on/],
    [
      [tcp],
      { LISTEN_FDNAMES: 'admin', RESTATE_ADMIN__LISTEN_MODE: 'unix' },
      /is http:\/\/127\.0\.0\.1:\d+, and admin\.listen-mode is "unix"/,
    ],
    [[everywhere], { LISTEN_FDNAMES: 'admin' }, /admin would listen on 0\.0\.0\.0.*\n.*CONFIG_EXPOSED/],
  ] as const
  for (const [sockets, env, message] of cases) {
    const directory = shortDirectory(t)
    const { child, said } = await startActivated(sockets, [main], { ...environment(directory), ...env })
    if (child.exitCode === null) await once(child, 'close')
    t.equal(child.exitCode, 1)
    t.match(said(), message)
  }
})

t.test('a passed socket that everybody may open is told', async (t) => {
  const directory = shortDirectory(t)
  const [ingress, admin] = [join(directory, 'i.sock'), join(directory, 'a.sock')]
  const activated = await startActivated(
    [
      { kind: 'unix', path: ingress, mode: 0o660 },
      { kind: 'unix', path: admin, mode: 0o666 },
    ],
    [main],
    { ...environment(directory), LISTEN_FDNAMES: 'ingress:admin' },
  )
  t.teardown(() => end(activated.child))
  await activated.until(/fabric +http:/)
  t.match(activated.said(), `the passed socket ${admin}: every user of this machine may connect to admin`)
  t.notMatch(activated.said(), `the passed socket ${ingress}`)
})

t.test('sockets for another process are not taken', async (t) => {
  const directory = shortDirectory(t)
  const env = { ...environment(directory), LISTEN_FDNAMES: 'nonsense', LISTEN_PID: '1' }
  const activated = await startActivated([{ kind: 'tcp', host: '127.0.0.1' }], [main], env)
  t.teardown(() => end(activated.child))
  const [, port] = await activated.until(/ingress +http:\/\/127\.0\.0\.1:(\d+)/)
  t.not(Number(port), activated.ports[0])
  await activated.until(/fabric/)
})

t.test('systemd-socket-activate starts the server with the first connection', async (t) => {
  const directory = shortDirectory(t)
  const [ingressSocket, adminSocket] = [join(directory, 'i.sock'), join(directory, 'a.sock')]
  const port = await freePort()
  const listening = ['-l', `127.0.0.1:${port}`, '-l', ingressSocket, '-l', adminSocket]
  const passed = Object.entries(environment(directory)).flatMap(([name, value]) => ['-E', `${name}=${value}`])
  const args = [...listening, '--fdname=ingress:ingress:admin', ...passed, process.execPath, main]
  const child = spawn('systemd-socket-activate', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  t.teardown(() => end(child))
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  while (!said.includes(adminSocket)) await once(child.stderr, 'data')
  // Nobody accepts yet; the kernel keeps the connection.
  const early = connect(port, '127.0.0.1').on('error', () => {})
  early.end('GET /restate/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  let answer = ''
  for await (const chunk of early) answer += chunk
  t.match(answer, /^HTTP\/1\.1 200 /)
  t.equal(await getOverSocket(ingressSocket, '/restate/health'), 200)
  t.equal(await getOverSocket(adminSocket, '/health'), 200)
  await end(child)
  t.ok(lstatSync(adminSocket).isSocket())
})
