import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEndpointHandler, service } from '@restatedev/restate-sdk'
import t, { type Test } from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { readIdentityKey, writeNewIdentityKey } from '../../src/invoker/identity-key.ts'
import { RequestIdentity } from '../../src/invoker/request-identity.ts'
import { register } from '../harness/server-process.ts'
import { shortDirectory } from '../harness/short-directory.ts'

/** A service of the official SDK that accepts these keys, from an own port; requests that it refused are counted. */
async function verifying(t: Test, identityKeys: readonly string[]) {
  const handler = createEndpointHandler({
    services: [service({ name: 'Greeter', handlers: { greet: async (_context, name: string) => `Hello ${name}` } })],
    identityKeys: [...identityKeys],
    bidirectional: true,
    logger: () => {},
  })
  const counts = { served: 0, refused: 0 }
  const server = createServer((request, response) => {
    response.on('finish', () => counts[response.statusCode === 401 ? 'refused' : 'served']++)
    handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { counts, uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

t.test('which key signs', async (t) => {
  const directory = shortDirectory(t)
  const [file, nextFile] = [join(directory, 'key.pem'), join(directory, 'next.pem')]
  const first = writeNewIdentityKey(file).publicKey
  const identity = new RequestIdentity({ file, nextFile, expirationMs: 60_000, now: Date.now })
  const { sign } = identity
  const signer = () => {
    const token = new Map(sign('/discover', undefined)).get('x-restate-jwt-v1') ?? ''
    return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
  }
  t.same([identity.publicKey, identity.nextPublicKey, signer()], [first, undefined, first])
  const second = writeNewIdentityKey(nextFile).publicKey
  identity.reload()
  t.same([identity.publicKey, identity.nextPublicKey, signer()], [first, second, first])
  renameSync(nextFile, file)
  t.equal(signer(), first, 'nothing changes before it is asked for')
  identity.reload()
  t.same([identity.publicKey, identity.nextPublicKey, signer()], [second, undefined, second])
  writeFileSync(file, 'no key', { mode: 0o600 })
  t.throws(() => identity.reload(), { code: 'PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID' })
  t.same([identity.publicKey, signer()], [second, second], 'what was in use stays in use')
})

t.test('rotation by SIGHUP in a running server: no call is refused', async (t) => {
  const directory = shortDirectory(t)
  const [file, nextFile] = [join(directory, 'key.pem'), join(directory, 'next.pem')]
  const first = writeNewIdentityKey(file).publicKey
  const second = writeNewIdentityKey(nextFile).publicKey
  const started = await startNode(
    [join(import.meta.dirname, '../../src/main.ts')],
    {
      RESTATE_BASE_DIR: directory,
      RESTATE_NODE_NAME: 'test',
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_LOG_FORMAT: 'json',
      RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: file,
      RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_NEXT_PRIVATE_KEY_PEM_FILE: nextFile,
    },
    [/"publicKey":"(\w+)","nextPublicKey":"(\w+)"/, /ingress +(http:\S+)/, /admin +(http:\S+)/, /fabric/],
  )
  t.teardown(() => end(started.process))
  t.same(started.matches[0]?.slice(1, 3), [first, second])
  const [ingress = '', admin = ''] = [started.matches[1]?.[1], started.matches[2]?.[1]]
  let lines = ''
  started.process.stdout?.on('data', (chunk) => {
    lines += String(chunk)
  })
  const logged = async (pattern: RegExp) => {
    for (let i = 0; i < 3000 && !pattern.test(lines); i++) await delay(10)
    t.match(lines, pattern)
    lines = ''
  }

  const both = await verifying(t, [first, second])
  await register(admin, both.uri)
  let isOver = false
  let calls = 0
  const calling = (async () => {
    while (!isOver) {
      const response = await fetch(`${ingress}/Greeter/greet`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '"Ada"',
      })
      t.equal(response.status, 200, await response.text())
      calls++
    }
  })()

  renameSync(nextFile, file)
  started.process.kill('SIGHUP')
  await logged(new RegExp(`"publicKey":"${second}"`))
  const before = calls
  while (calls < before + 5) await delay(5)
  writeFileSync(file, 'broken', { mode: 0o600 })
  started.process.kill('SIGHUP')
  await logged(/"reload-failed".*PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID/)
  const broken = calls
  while (calls < broken + 5) await delay(5)
  isOver = true
  await calling
  t.equal(both.counts.refused, 0, `${both.counts.served} requests, none refused`)
  // The discovery as well; the end of the last answer may not have been seen yet.
  t.ok(both.counts.served >= calls)

  const onlyNew = await verifying(t, [second])
  await register(admin, onlyNew.uri, { force: true })
  t.equal(onlyNew.counts.refused, 0, 'the new key signs')
  const onlyOld = await verifying(t, [first])
  await t.rejects(register(admin, onlyOld.uri, { force: true }), /request identity/)
  t.ok(onlyOld.counts.refused > 0)
  t.throws(() => readIdentityKey(file), 'the server went on without a key on disk')
})
