import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ListenerConfig } from '../../src/config/config.ts'
import { groupIdOf } from '../../src/listen/group-id.ts'
import { createListener } from '../../src/listen/listener.ts'
import { captureLog, exchange, temporaryDirectory, testConfig } from './fixture.ts'

const isRoot = process.getuid?.() === 0
const ownGid = process.getegid?.() ?? 0
/** Numbers that belong to nobody here, which only root can take. */
const [otherUid, otherGid] = [54_321, 54_322]
const ask = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

async function startOn(t: Test, overrides: Partial<ListenerConfig>) {
  const directory = await temporaryDirectory(t)
  // As /run/perdure of a service would be: others may pass, and see nothing.
  chmodSync(directory, 0o711)
  const unixSocketPath = join(directory, 'ingress.sock')
  const { log, lines } = captureLog()
  const listener = createListener('ingress', testConfig({ listenMode: 'unix', unixSocketPath, ...overrides }), log)
  t.teardown(() => listener.close(0))
  return { listener, path: unixSocketPath, lines }
}

/** What a process of another user gets when it connects. */
async function connectAs(uid: number, gid: number, path: string): Promise<string> {
  // It changes its user when it has started: another one may not be able to read this Node.
  const script = `
    const [, path, uid, gid] = process.argv
    process.setgroups([]); process.setgid(Number(gid)); process.setuid(Number(uid))
    const socket = require('net').connect(path)
    socket.on('connect', () => { console.log('connected'); socket.destroy() }).on('error', (e) => console.log(e.code))`
  const args = ['-e', script, path, String(uid), String(gid)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await once(child, 'close')
  return said.trim()
}

t.test('attack 26: the Unix socket is closed to another uid, and open to a group only where configured', async (t) => {
  const plain = await startOn(t, {})
  await plain.listener.start()
  t.equal(statSync(plain.path).mode & 0o777, 0o600, 'only the owner may write, and so connect')
  const grouped = await startOn(t, { unixSocketMode: 0o660, unixSocketGroup: String(isRoot ? otherGid : ownGid) })
  await grouped.listener.start()
  const { mode, gid, uid } = statSync(grouped.path)
  t.same([mode & 0o777, gid, uid], [0o660, isRoot ? otherGid : ownGid, process.getuid?.()])
  t.match(await exchange(grouped.path, ask), /^HTTP\/1\.1 404 /, 'the owner still connects')
  if (!isRoot) {
    // Who is not root cannot become another user, but can be without permission as one is: the kernel goes by the bits.
    chmodSync(plain.path, 0o066)
    await t.rejects(once(connect(plain.path), 'connect'), { code: 'EACCES' })
    chmodSync(plain.path, 0o600)
    t.match(await exchange(plain.path, ask), /^HTTP\/1\.1 404 /)
    return
  }
  t.equal(await connectAs(otherUid, otherUid, plain.path), 'EACCES')
  t.equal(await connectAs(otherUid, otherGid, plain.path), 'EACCES')
  t.equal(await connectAs(otherUid, otherUid, grouped.path), 'EACCES')
  t.equal(await connectAs(otherUid, otherGid, grouped.path), 'connected')
})

t.test('attack 26: at no instant does the socket let more in than in the end', async (t) => {
  const { listener, path } = await startOn(t, { unixSocketMode: 0o660, unixSocketGroup: String(ownGid) })
  const umask = process.umask()
  // What the file is made with is what stands until it belongs to its group.
  const made: number[] = []
  const watcher = watch(join(path, '..'), () => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found !== undefined) made.push(found.mode & 0o777)
  })
  t.teardown(() => watcher.close())
  const original = process.umask
  const masks: number[] = []
  process.umask = (mask?: number | string) => {
    if (typeof mask === 'number') masks.push(mask)
    return mask === undefined ? original() : original(mask)
  }
  try {
    await listener.start()
  } finally {
    process.umask = original
  }
  t.same(masks, [0o177, umask], 'made for the owner alone')
  t.equal(process.umask(), umask)
  t.ok(made.every((mode) => (mode & ~0o660) === 0))
  t.equal(statSync(path).mode & 0o777, 0o660)
})

t.test('attack 27: what is planted at the path of the socket stops the start, and stays', async (t) => {
  const directory = await temporaryDirectory(t)
  const precious = join(directory, 'precious')
  const targetSocket = join(directory, 'target.sock')
  writeFileSync(precious, 'precious')
  const target = createServer().listen(targetSocket)
  await once(target, 'listening')
  t.teardown(() => target.close())
  const plant: readonly (readonly [name: string, make: (path: string) => void])[] = [
    ['file', (path) => writeFileSync(path, 'planted')],
    ['link to a file', (path) => symlinkSync(precious, path)],
    ['link to a socket', (path) => symlinkSync(targetSocket, path)],
    ['link to nothing', (path) => symlinkSync(join(directory, 'nowhere'), path)],
    ['directory', (path) => mkdirSync(path)],
  ]
  for (const [name, make] of plant) {
    const { listener, path } = await startOn(t, { unixSocketMode: 0o660, unixSocketGroup: String(ownGid) })
    make(path)
    const before = lstatSync(path)
    await t.rejects(listener.start(), { code: 'PERDURE_ERR_LISTEN_SOCKET_PATH_OCCUPIED' }, name)
    await listener.close(0)
    const { ino, mode, uid, gid } = lstatSync(path)
    t.same([ino, mode, uid, gid], [before.ino, before.mode, before.uid, before.gid], name)
  }
  t.equal(readFileSync(precious, 'utf8'), 'precious')
  t.notOk(lstatSync(join(directory, 'nowhere'), { throwIfNoEntry: false }))
})

t.test('a directory in which others can put a socket of their own is told of', async (t) => {
  const safe = await startOn(t, {})
  await safe.listener.start()
  t.notOk(safe.lines.some((line) => line.includes('socket-directory-open')))
  const { listener, path, lines } = await startOn(t, {})
  chmodSync(join(path, '..'), 0o777)
  await listener.start()
  t.match(
    lines.find((line) => line.includes('socket-directory-open')),
    /every user can replace what is in the directory/,
  )
})

t.test('groups: by number, by name, and clear errors', async (t) => {
  const groupFile = join(await temporaryDirectory(t), 'group')
  writeFileSync(groupFile, 'root:x:0:\nwww-data:x:33:nginx\nodd:x:abc:\n')
  t.equal(groupIdOf('www-data', 'k', groupFile), 33)
  t.equal(groupIdOf('4711', 'k', groupFile), 4711)
  const code = 'PERDURE_ERR_LISTEN_SOCKET_GROUP_UNKNOWN'
  for (const name of ['www', 'odd', 'x', '', '4294967295'])
    t.throws(() => groupIdOf(name, 'k', groupFile), { code }, name)
  t.throws(() => groupIdOf('www-data', 'k', '/nonexistent'), { code, message: /k: .*ENOENT.*number/ })

  const { listener, path } = await startOn(t, { unixSocketGroup: 'no-such-group' })
  await t.rejects(listener.start(), { code, message: /^ingress\.unix-socket-group: there is no group "no-such-group"/ })
  t.notOk(lstatSync(path, { throwIfNoEntry: false }))
})

t.test('a group that the process may not give its socket to', async (t) => {
  const directory = await temporaryDirectory(t)
  const main = join(import.meta.dirname, 'bind-as.ts')
  if (isRoot) chownSync(directory, otherUid, otherUid)
  const foreignGid = String(isRoot ? otherGid : 0)
  const child = spawn(process.execPath, [main, join(directory, 'a.sock'), foreignGid, String(otherUid)])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  await once(child, 'close')
  t.match(said, /^PERDURE_ERR_LISTEN_SOCKET_GROUP_DENIED .*may not give .*\(EPERM\)/)
  t.notOk(lstatSync(join(directory, 'a.sock'), { throwIfNoEntry: false }), 'the socket does not stay')
})

t.test('a directory that the group cannot pass is said in the log', async (t) => {
  const { listener, path, lines } = await startOn(t, { unixSocketMode: 0o660, unixSocketGroup: String(ownGid) })
  chmodSync(join(path, '..'), 0o700)
  await listener.start()
  t.match(
    lines.find((line) => line.includes('socket-directory-closed')),
    '"mode":"700"',
  )
})
