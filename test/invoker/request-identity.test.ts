import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createEndpointHandler, service } from '@restatedev/restate-sdk'
import t from 'tap'
import { exposureOf } from '../../src/config/file-exposure.ts'
import { base58 } from '../../src/invoker/base58.ts'
import { readIdentityKey } from '../../src/invoker/identity-key.ts'
import { RequestIdentity } from '../../src/invoker/request-identity.ts'

function keyFile(directory: string, type: 'ed25519' | 'ed448' = 'ed25519'): string {
  const pair = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448')
  const file = join(directory, 'private.pem')
  writeFileSync(file, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  return file
}

t.test('the official SDK accepts what we sign, and nothing else', async (t) => {
  const identity = new RequestIdentity({ file: keyFile(t.testdir()), expirationMs: 60_000, now: Date.now })
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
  const other = new RequestIdentity({ file: keyFile(t.testdir()), expirationMs: 60_000, now: Date.now })
  t.equal(await status(signed(other.sign, '/discover')), 401, 'another key')
  const file = keyFile(t.testdir())
  const late = new RequestIdentity({ file, expirationMs: 60_000, now: () => Date.now() - 3_600_000 })
  t.equal(await status(signed(late.sign, '/discover')), 401, 'expired')
})

t.test('the key of an object is part of what is signed', async (t) => {
  const identity = new RequestIdentity({
    file: keyFile(t.testdir()),
    expirationMs: 60_000,
    now: () => 1_700_000_000_000,
  })
  const [scheme, token] = identity.sign('/invoke/S/h', 'a/ü')
  t.same(scheme, ['x-restate-signature-scheme', 'v1'])
  const claims = JSON.parse(Buffer.from(token?.[1].split('.')[1] ?? '', 'base64url').toString())
  t.same(claims, { aud: '/invoke/S/h', exp: 1700000060, iat: 1700000000, nbf: 1699999940, sub: 'a/ü' })
})

t.test('a key that cannot be used is refused, without a word of its content', async (t) => {
  const directory = t.testdir()
  const file = (name: string, content: string) => {
    writeFileSync(join(directory, name), content, { mode: 0o600 })
    return join(directory, name)
  }
  const pem = readFileSync(keyFile(t.testdir()), 'utf8')
  const cases = [
    join(directory, 'missing.pem'),
    directory,
    file('text.pem', 'secret text, not a key'),
    file('broken.pem', pem.replace(/\n.{20}/, '\nsecret text')),
    file('two.pem', pem + pem),
    file('public.pem', pem.replaceAll('PRIVATE', 'PUBLIC')),
    file('large.pem', pem + ' '.repeat(100_000)),
    keyFile(t.testdir(), 'ed448'),
  ]
  for (const file of cases) {
    const error = t.throws(() => new RequestIdentity({ file, expirationMs: 60_000, now: Date.now }), {
      code: 'PERDURE_ERR_INVOKER_IDENTITY_KEY_INVALID',
      message: /perdure identity generate/,
    })
    t.notMatch(String(error), /secret text/, file)
  }
})

t.test('a key that others could read or replace is refused', async (t) => {
  const file = keyFile(t.testdir())
  for (const mode of [0o640, 0o604, 0o660, 0o644, 0o700]) {
    chmodSync(file, mode)
    t.throws(
      () => readIdentityKey(file),
      { message: /is not used: others than its owner.*Run: chmod 600/ },
      mode.toString(8),
    )
  }
  for (const mode of [0o600, 0o400]) {
    chmodSync(file, mode)
    t.doesNotThrow(() => readIdentityKey(file), mode.toString(8))
  }
  const me = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  t.equal(exposureOf(file, { ...me, mode: 0o100400 }), undefined)
  if (me.uid !== 0) {
    t.match(exposureOf(file, { ...me, uid: me.uid + 1, mode: 0o100600 }), /belongs to another user/)
    t.equal(
      exposureOf(file, { ...me, uid: 0, mode: 0o100440 }),
      undefined,
      'handed out by root to a group of this process',
    )
    t.match(exposureOf(file, { ...me, uid: 0, mode: 0o100460 }), /chmod/)
  }
})

t.test('base58', async (t) => {
  t.equal(base58(Buffer.from('Hello World!')), '2NEpo7TZRRrLZSi2U')
  t.equal(base58(Buffer.from([0, 0, 1])), '112')
  t.equal(base58(Buffer.alloc(0)), '')
})
