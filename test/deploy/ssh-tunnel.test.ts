import { chmodSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { startHeaderService } from '../e2e/nginx/header-service.ts'
import { freePort } from '../harness/free-port.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { listenOnLoopback } from '../ingress/loopback.ts'
import { ensurePeer, runCli } from '../peer/peer.ts'
import { operator, outsider, type Sshd, startSshd } from './sshd.ts'

// The first run installs the CLI.
t.setTimeout(600_000)
await ensurePeer()

const service = await startHeaderService(t)
const ops = operator()
const sockets = shortDirectory(t)
chmodSync(sockets, 0o711)
const adminSocket = join(sockets, 'admin.sock')
const fabricSocket = join(sockets, 'fabric.sock')
const server = await startNode(
  [join(import.meta.dirname, '../../src/main.ts')],
  {
    RESTATE_BASE_DIR: shortDirectory(t),
    RESTATE_NODE_NAME: 'test',
    RESTATE_USE_RANDOM_PORTS: 'true',
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_ADMIN__LISTEN_MODE: 'unix',
    RESTATE_ADMIN__UNIX_SOCKET_PATH: adminSocket,
    RESTATE_ADMIN__UNIX_SOCKET_GROUP: String(ops.gid),
    RESTATE_ADMIN__UNIX_SOCKET_MODE: '0660',
    // Nothing but sshd is in the way to this one.
    RESTATE_UNIX_SOCKET_PATH: fabricSocket,
    RESTATE_UNIX_SOCKET_MODE: '0666',
  },
  [/ingress +http:\/\/\S+:(\d+)/],
)
t.teardown(() => end(server.process))
const ingressPort = server.matches[0]?.[1] ?? ''
const home = shortDirectory(t)
const sshd = await startSshd(t, shortDirectory(t), adminSocket, ops)

t.test('the official CLI works through a tunnel from socket to socket', async (t) => {
  const local = join(home, 'admin.sock')
  const client = await sshd.tunnel([`${local}:${adminSocket}`], [local])
  t.equal(statSync(local).mode & 0o077, 0, 'for the user of the tunnel alone')
  const env = { RESTATE_ADMIN_URL: `unix:${local}` }
  const registered = await runCli(['deployments', 'register', service.uri, '--yes'], env)
  t.equal(registered.code, 0, registered.stderr)
  const listed = await runCli(['services', 'list'], env)
  t.equal(listed.code, 0, listed.stderr)
  t.match(listed.stdout, /Headers/)
  await client.stop()
  t.not((await runCli(['services', 'list'], env)).code, 0, 'and not without it')
})

t.test('and from port to socket', async (t) => {
  const port = await freePort()
  const marker = join(home, 'marker.sock')
  // ssh opens its forwards in their order: with the second one the first is there.
  await sshd.tunnel([`127.0.0.1:${port}:${adminSocket}`, `${marker}:${adminSocket}`], [marker])
  const listed = await runCli(['services', 'list'], { RESTATE_ADMIN_URL: `http://127.0.0.1:${port}` })
  t.equal(listed.code, 0, listed.stderr)
  t.match(listed.stdout, /Headers/)
})

t.test('sshd forwards to nothing else', async (t) => {
  const elsewhere = createServer((socket) => socket.end('reached'))
  const port = await listenOnLoopback(elsewhere)
  t.teardown(() => elsewhere.close())
  const targets = [
    fabricSocket,
    `${sockets}/./admin.sock`,
    `${sockets}/../${adminSocket.split('/').slice(2).join('/')}`,
    `127.0.0.1:${port}`,
    `127.0.0.1:${ingressPort}`,
    `localhost:${ingressPort}`,
  ]
  const locals = targets.map((_, index) => join(home, `other-${index}.sock`))
  const client = await sshd.tunnel(
    targets.map((target, index) => `${locals[index]}:${target}`),
    locals,
  )
  for (const [index, target] of targets.entries()) t.equal(await bytesFrom(locals[index] ?? ''), '', target)
  t.match(client.said(), /administratively prohibited/)
  t.match(sshd.output(), new RegExp(`connect to path ${fabricSocket}, but the request was denied`))
  t.match(sshd.output(), new RegExp(`connect to host 127\\.0\\.0\\.1 port ${port}, but the request was denied`))
})

t.test('nor does it do anything else', async (t) => {
  for (const [what, ...args] of [
    ['a command', 'id'],
    ['a shell', ''],
    ['files', '-s', 'sftp'],
    ['a port of its own', '-N', '-R', '0:127.0.0.1:1', ''],
    ['a socket of its own', '-N', '-R', `${home}/r.sock:127.0.0.1:1`, ''],
  ] as const) {
    const { code, said } = await sshd.run(...args)
    t.equal(code, 255, `${what}: ${said}`)
    t.notMatch(said, /uid=/)
  }
})

t.test('a user who may not open the socket gets nowhere', async (t) => {
  const stranger = outsider()
  let refusing: Sshd = sshd
  if (stranger === undefined) {
    // Nobody else can be had: take the permission from the one who has it.
    chmodSync(adminSocket, 0)
    t.teardown(() => chmodSync(adminSocket, 0o660))
  } else {
    t.not(stranger.gid, ops.gid)
    refusing = await startSshd(t, shortDirectory(t), adminSocket, stranger)
  }
  const local = join(home, 'stranger.sock')
  const client = await refusing.tunnel([`${local}:${adminSocket}`], [local])
  t.equal(await bytesFrom(local), '')
  const { code, stdout, stderr } = await runCli(['services', 'list'], { RESTATE_ADMIN_URL: `unix:${local}` })
  t.not(code, 0)
  t.notMatch(stdout + stderr, /Headers/)
  t.match(client.said(), /connect failed/)
  t.match(refusing.output(), /Permission denied/, 'EACCES')
})

/** What comes back for a request, until the other side closes. */
function bytesFrom(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path)
    let heard = ''
    socket.setTimeout(30_000, () => socket.destroy(new Error('nothing was said, and nothing closed')))
    socket.on('data', (chunk) => (heard += String(chunk)))
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
    socket.write('GET /version HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  })
}
