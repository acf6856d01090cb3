import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, lstat, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, Server } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { bindTcp } from '../../src/listen/bind-tcp.ts'
import { maxSocketPathBytes, usablePath } from '../../src/listen/bind-unix.ts'
import { createListener } from '../../src/listen/listener.ts'
import { captureLog, exchange, temporaryDirectory, testConfig } from './fixture.ts'

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
const ask = 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

t.test('a port in use is an error that names address and key, and leaves no socket file', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const address = other.address()
  const bindPort = address !== null && typeof address !== 'string' ? address.port : 0
  const unixSocketPath = join(await temporaryDirectory(t), 'admin.sock')
  const config = testConfig({ bindPort, listenMode: 'all', unixSocketPath })
  for (const [name, key] of [
    ['admin', 'admin.bind-port'],
    ['fabric', 'bind-port'],
  ] as const) {
    await using listener = createListener(name, config, captureLog().log)
    await t.rejects(listener.start(), {
      code: 'PERDURE_ERR_LISTEN_ADDRESS_IN_USE',
      message: `http://127.0.0.1:${bindPort} is in use by another process; stop it or set ${key} to a free port`,
    })
  }
  t.notOk(await exists(unixSocketPath))
})

t.test('an address of another machine is a clear error', async (t) => {
  await using listener = createListener('ingress', testConfig({ bindIp: '192.0.2.1' }), captureLog().log)
  await t.rejects(listener.start(), {
    code: 'PERDURE_ERR_LISTEN_BIND_FAILED',
    message: /ingress\.bind-port.*EADDRNOTAVAIL/,
  })
})

t.test('the socket: missing directory 0700, mode as configured, removed on close', async (t) => {
  const directory = join(await temporaryDirectory(t), 'data', 'node')
  const unixSocketPath = join(directory, 'ingress.sock')
  const umask = process.umask()
  for (const unixSocketMode of [0o600, 0o660, 0o666]) {
    const config = testConfig({ listenMode: 'unix', unixSocketPath, unixSocketMode })
    const listener = createListener('ingress', config, captureLog().log)
    t.same(await listener.start(), [{ kind: 'unix', path: unixSocketPath, url: `unix:${unixSocketPath}` }])
    t.equal((await stat(directory)).mode & 0o777, 0o700)
    t.equal((await stat(unixSocketPath)).mode & 0o777, unixSocketMode)
    t.equal(process.umask(), umask)
    t.match(await exchange(unixSocketPath, ask), /^HTTP\/1\.1 404 /)
    await listener.close(1000)
    t.notOk(await exists(unixSocketPath))
  }
})

t.test('a socket that a killed process left is replaced', async (t) => {
  const unixSocketPath = join(await temporaryDirectory(t), 'ingress.sock')
  const child = spawn(process.execPath, [
    '-e',
    `net.createServer().listen(process.argv[1], () => console.log('up'))`,
    unixSocketPath,
  ])
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.ok((await lstat(unixSocketPath)).isSocket(), 'it is still there')

  await using listener = createListener('ingress', testConfig({ listenMode: 'unix', unixSocketPath }), captureLog().log)
  await listener.start()
  t.match(await exchange(unixSocketPath, ask), /^HTTP\/1\.1 404 /)
})

t.test('a live socket is left alone', async (t) => {
  const unixSocketPath = join(await temporaryDirectory(t), 'ingress.sock')
  const config = testConfig({ listenMode: 'unix', unixSocketPath })
  await using first = createListener('ingress', config, captureLog().log)
  await first.start()
  await using second = createListener('ingress', config, captureLog().log)
  await t.rejects(second.start(), { code: 'PERDURE_ERR_LISTEN_SOCKET_IN_USE' })
  await second.close(0)
  t.match(await exchange(unixSocketPath, ask), /^HTTP\/1\.1 404 /, 'the first still answers')
})

t.test('TCP does not stay open when the socket cannot be bound', async (t) => {
  const unixSocketPath = join(await temporaryDirectory(t), 'file')
  await writeFile(unixSocketPath, 'precious')
  await using listener = createListener('ingress', testConfig({ listenMode: 'all', unixSocketPath }), captureLog().log)
  await t.rejects(listener.start(), { code: 'PERDURE_ERR_LISTEN_SOCKET_PATH_OCCUPIED' })
  t.same(listener.addresses, [])
  t.equal(await readFile(unixSocketPath, 'utf8'), 'precious')
})

t.test('a directory that cannot be made is a clear error', async (t) => {
  const file = join(await temporaryDirectory(t), 'file')
  await writeFile(file, '')
  const config = testConfig({ listenMode: 'unix', unixSocketPath: join(file, 'ingress.sock') })
  await using listener = createListener('ingress', config, captureLog().log)
  await t.rejects(listener.start(), { code: 'PERDURE_ERR_LISTEN_BIND_FAILED', message: /base-dir.*EEXIST/ })
})

t.test('a path that is too long goes relative to the working directory, or is an error', async (t) => {
  const deep = `/base/${'d'.repeat(maxSocketPathBytes)}`
  t.equal(usablePath('/base/a.sock', '/base'), '/base/a.sock')
  t.equal(usablePath(`${deep}/a.sock`, deep), 'a.sock')
  t.throws(() => usablePath(`${deep}/a.sock`, '/'), { code: 'PERDURE_ERR_LISTEN_SOCKET_PATH_TOO_LONG' })
  const exact = `/${'d'.repeat(maxSocketPathBytes - 1)}`
  t.equal(usablePath(exact, '/'), exact)
  t.throws(() => usablePath(`${exact}é`, '/elsewhere'), { code: 'PERDURE_ERR_LISTEN_SOCKET_PATH_TOO_LONG' })

  const cwd = process.cwd()
  const base = join(await temporaryDirectory(t), 'd'.repeat(maxSocketPathBytes))
  await mkdir(base)
  process.chdir(base)
  t.teardown(async () => {
    process.chdir(cwd)
    await rm(base, { recursive: true })
  })
  const unixSocketPath = join(base, 'a.sock')
  await using listener = createListener('ingress', testConfig({ listenMode: 'unix', unixSocketPath }), captureLog().log)
  t.same(await listener.start(), [{ kind: 'unix', path: unixSocketPath, url: `unix:${unixSocketPath}` }])
  t.match(await exchange('a.sock', ask), /^HTTP\/1\.1 404 /)
})

t.test('`::` is dual-stack, and 0.0.0.0 where there is no IPv6', async (t) => {
  const asked: unknown[] = []
  class NoIpv6Server extends Server {
    override listen(options: unknown): this {
      asked.push(options)
      const host = typeof options === 'object' && options !== null && 'host' in options ? options.host : undefined
      if (host !== '::') return super.listen(0, '127.0.0.1')
      process.nextTick(() => this.emit('error', Object.assign(new Error('no IPv6'), { code: 'EAFNOSUPPORT' })))
      return this
    }
  }
  const { log, lines } = captureLog()
  const server = new NoIpv6Server()
  t.teardown(() => server.close())
  await bindTcp(server, '::', 0, 'ingress.bind-port', log)
  t.same(asked, [
    { host: '::', port: 0 },
    { host: '0.0.0.0', port: 0 },
  ])
  t.match(lines[0], /"level":"warn".*"event":"ipv6-unavailable"/)
})
