import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createEndpointHandler, service } from '@restatedev/restate-sdk'
import t from 'tap'
import { base58 } from '../../src/invoker/base58.ts'
import { loadRequestIdentity } from '../../src/invoker/request-identity.ts'

function keyFile(directory: string, type: 'ed25519' | 'ed448' = 'ed25519'): string {
  const pair = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448')
  const file = join(directory, 'private.pem')
  writeFileSync(file, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }))
  return file
}

t.test('the official SDK accepts what we sign, and nothing else', async (t) => {
  const identity = loadRequestIdentity(keyFile(t.testdir()), 60_000, Date.now)
  t.match(identity.publicKey, /^publickeyv1_[1-9A-HJ-NP-Za-km-z]{40,44}$/)
  const greeter = service({ name: 'Greeter', handlers: { async greet() {} } })
  const server = createServer(
    createEndpointHandler({ services: [greeter], identityKeys: [identity.publicKey], bidirectional: true }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { connect } = await import('node:http2')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.teardown(() => session.destroy())
  const status = (headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ':path': '/prefix/discover',
        accept: 'application/vnd.restate.endpointmanifest.v4+json',
        ...headers,
      })
      stream.on('response', (head) => resolve(head[':status']))
      stream.on('error', reject)
      stream.resume().end()
    })
  const signed = (sign: typeof identity.sign, path: string) => Object.fromEntries(sign(path, undefined))

  t.equal(await status(signed(identity.sign, '/discover')), 200)
  t.equal(await status({}), 401, 'unsigned')
  t.equal(await status(signed(identity.sign, '/invoke/Greeter/greet')), 401, 'another path')
  const other = loadRequestIdentity(keyFile(t.testdir()), 60_000, Date.now)
  t.equal(await status(signed(other.sign, '/discover')), 401, 'another key')
  const file = keyFile(t.testdir())
  const late = loadRequestIdentity(file, 60_000, () => Date.now() - 3_600_000)
  t.equal(await status(signed(late.sign, '/discover')), 401, 'expired')
})

t.test('the key of an object is part of what is signed', async (t) => {
  const identity = loadRequestIdentity(keyFile(t.testdir()), 60_000, () => 1_700_000_000_000)
  const [scheme, token] = identity.sign('/invoke/S/h', 'a/ü')
  t.same(scheme, ['x-restate-signature-scheme', 'v1'])
  const claims = JSON.parse(Buffer.from(token?.[1].split('.')[1] ?? '', 'base64url').toString())
  t.same(claims, { aud: '/invoke/S/h', exp: 1700000060, iat: 1700000000, nbf: 1699999940, sub: 'a/ü' })
})

t.test('a key that cannot be used is refused, without a word of its content', async (t) => {
  const directory = t.testdir({ 'text.pem': 'secret text, not a key' })
  for (const file of [join(directory, 'missing.pem'), join(directory, 'text.pem'), keyFile(directory, 'ed448')]) {
    t.throws(() => loadRequestIdentity(file, 60_000, Date.now), {
      code: 'PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID',
      message: /openssl genpkey/,
    })
  }
  try {
    loadRequestIdentity(join(directory, 'text.pem'), 60_000, Date.now)
  } catch (error) {
    t.notMatch(String(error), /secret text/)
  }
})

t.test('base58', async (t) => {
  t.equal(base58(Buffer.from('Hello World!')), '2NEpo7TZRRrLZSi2U')
  t.equal(base58(Buffer.from([0, 0, 1])), '112')
  t.equal(base58(Buffer.alloc(0)), '')
})
