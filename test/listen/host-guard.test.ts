import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hostGuard } from '../../src/listen/host-guard.ts'
import { createListener, type ListenerName } from '../../src/listen/listener.ts'
import { captureLog, exchange, temporaryDirectory, testConfig } from './fixture.ts'
import { Http2Client } from './http2-client.ts'

async function startGuarded(t: Test, name: ListenerName) {
  const unixSocketPath = join(await temporaryDirectory(t), 'guarded.sock')
  const listener = createListener(name, testConfig({ listenMode: 'all', unixSocketPath }), captureLog().log)
  listener.app.addHook('onRequest', hostGuard(['Console.Example', 'fd00::1']))
  let handled = 0
  listener.app.all('/*', () => {
    handled++
    return { ok: true }
  })
  const [tcp] = await listener.start()
  const port = tcp?.kind === 'tcp' ? tcp.port : 0
  return { listener, port, unixSocketPath, handledCount: () => handled }
}

const request = (host: string | undefined, headers = '', method = 'GET') =>
  `${method} / HTTP/1.1\r\n${host === undefined ? '' : `Host: ${host}\r\n`}Connection: close\r\n${headers}\r\n`

for (const name of ['admin', 'fabric'] as const) {
  t.test(`attack 21: Host, on ${name}`, async (t) => {
    const { listener, port, unixSocketPath, handledCount } = await startGuarded(t, name)
    t.teardown(() => listener.close(0))
    const allowed = [
      `127.0.0.1:${port}`,
      '127.0.0.1:19070',
      '127.9.9.9',
      'localhost',
      'LOCALHOST:1',
      'localhost.:80',
      '[::1]:9070',
      'console.example',
      'console.example:8443',
      '[fd00::1]:9070',
    ]
    for (const host of allowed) t.match(await exchange(port, request(host)), /^HTTP\/1\.1 200 /, host)
    t.equal(handledCount(), allowed.length)

    const refused = [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil.example:127.0.0.1',
      'x@localhost',
      'localhost:80:80',
      '[::2]',
      '192.0.2.1',
      '0.0.0.0',
      '',
    ]
    for (const host of refused) {
      const text = await exchange(port, request(host))
      t.match(text, /^HTTP\/1\.1 403 [\s\S]*\{"code":403,"message":"the Host header names/, host)
    }
    t.match(await exchange(port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403 /, 'HTTP/1.0 without a Host')
    t.match(await exchange(port, request('evil.example').replace('GET /', 'GET /no/such')), /^HTTP\/1\.1 403 /)
    t.equal(handledCount(), allowed.length)

    t.match(
      await exchange(unixSocketPath, request('evil.example')),
      /^HTTP\/1\.1 200 /,
      'any Host over the Unix socket',
    )
  })

  t.test(`attack 21: Host over HTTP/2, on ${name}`, async (t) => {
    const { listener, port, unixSocketPath } = await startGuarded(t, name)
    t.teardown(() => listener.close(0))
    using tcp = new Http2Client(port)
    t.equal((await tcp.request({ ':path': '/', ':authority': 'localhost:1' })).status, 200)
    t.equal((await tcp.request({ ':path': '/', ':authority': 'evil.example' })).status, 403)
    t.equal((await tcp.request({ ':path': '/', ':authority': 'evil.example', host: 'localhost' })).status, 400)
    using unix = new Http2Client(unixSocketPath)
    t.equal((await unix.request({ ':path': '/', ':authority': 'evil.example' })).status, 200)
  })

  t.test(`attack 22: Origin and Sec-Fetch-Site, on ${name}`, async (t) => {
    const { listener, port, unixSocketPath, handledCount } = await startGuarded(t, name)
    t.teardown(() => listener.close(0))
    const own = `localhost:${port}`
    const allowed = [
      `Origin: http://${own}\r\nSec-Fetch-Site: same-origin\r\n`,
      'Origin: https://console.example\r\nSec-Fetch-Site: same-site\r\n',
      'Sec-Fetch-Site: none\r\n',
      '',
    ]
    for (const headers of allowed)
      t.match(await exchange(port, request(own, headers, 'POST')), /^HTTP\/1\.1 200 /, headers)
    t.equal(handledCount(), allowed.length)

    const refused = [
      'Origin: http://evil.example\r\n',
      `Origin: http://evil.example:${port}\r\n`,
      'Origin: null\r\n',
      'Origin: http://localhost:3000\r\n',
      `Origin: ftp://${own}\r\n`,
      'Sec-Fetch-Site: cross-site\r\n',
      // An image of a page on another port of this machine.
      'Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n',
      `Origin: http://${own}\r\nSec-Fetch-Site: cross-site\r\n`,
    ]
    for (const headers of refused) {
      for (const method of ['GET', 'POST', 'DELETE', 'PATCH']) {
        const text = await exchange(port, request(own, headers, method))
        t.match(text, /^HTTP\/1\.1 403 [\s\S]*"message":"requests from pages of/, `${method} ${headers}`)
      }
    }
    // A browser behind a tunnel to the Unix socket, deceived by DNS.
    const rebound = request('evil.example', 'Origin: http://evil.example\r\n', 'POST')
    t.match(await exchange(unixSocketPath, rebound), /^HTTP\/1\.1 403 /)
    t.equal(handledCount(), allowed.length)
  })
}
