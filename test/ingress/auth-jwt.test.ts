import { createHash, createHmac, sign as signBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { JWTPayload } from 'jose'
import t from 'tap'
import type { IngressAuthConfig } from '../../src/config/config.ts'
import { IngressAuthUnavailable, IngressBadAuthConfig } from '../../src/errors/ingress.ts'
import { EgressDenied } from '../../src/errors/invoker.ts'
import { fetchJwks } from '../../src/ingress/auth/fetch-jwks.ts'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { ask, isIngressError, jsonType, noAuth, serverConfig, startIngress, type TestIngress } from './fixture.ts'
import { newKey, type SigningKey, sign, startKeyServer } from './issuer.ts'
import { listenOnLoopback } from './loopback.ts'

const issuer = 'https://login.example/'
const rsa = await newKey('rsa-1', 'RS256')
const ec = await newKey('ec-1', 'ES256')
const ed = await newKey('ed-1', 'EdDSA')

/** The clock of the fixture when it starts, s since epoch. */
const startS = Math.floor(Date.UTC(2026, 10, 21, 12) / 1000)
const claims: JWTPayload = { iss: issuer, aud: 'orders', sub: 'ada@example', iat: startS, exp: startS + 300 }

function withJwt(jwt: Partial<IngressAuthConfig['jwt']>, more: Partial<IngressAuthConfig> = {}): IngressAuthConfig {
  return {
    ...noAuth,
    subjectHeader: 'x-caller-id',
    ...more,
    jwt: { ...noAuth.jwt, issuer, audiences: ['orders'], ...jwt },
  }
}

function call(ingress: TestIngress, token: string, header = 'authorization') {
  const value = header === 'authorization' ? `Bearer ${token}` : token
  return ask(ingress, '/Svc/echo', { headers: { ...jsonType, [header]: value }, body: '1' })
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

t.test('good tokens of all three algorithms', async (t) => {
  await using keys = await startKeyServer(() => [rsa, ec, ed])
  await using ingress = await startIngress(serverConfig({ auth: withJwt({ jwksUrl: keys.url }) }))
  for (const key of [rsa, ec, ed]) {
    const token = await sign(key, claims)
    t.equal((await call(ingress, token)).status, 200, key.algorithm)
    t.strictSame(ingress.partition.last.headers[1], ['x-caller-id', 'ada@example'])
    t.notMatch(JSON.stringify(ingress.partition.last.headers), token.slice(0, 20))
  }
  t.equal((await call(ingress, await sign(rsa, { ...claims, aud: ['other', 'orders'] }))).status, 200)
  t.equal((await call(ingress, await sign(rsa, { ...claims, exp: startS - 29 }))).status, 200, 'within the skew')
  t.equal((await call(ingress, await sign(rsa, { ...claims, nbf: startS + 29 }))).status, 200)
  t.equal(keys.requests, 1, 'keys are kept')
  t.equal(ingress.metrics.authentication.accepted, 6)
})

t.test('bad tokens are 401, and leave nothing', async (t) => {
  const stranger = await newKey('rsa-1', 'RS256')
  const ps = await newKey('ps-1', 'PS256')
  const es384 = await newKey('es-1', 'ES384')
  await using keys = await startKeyServer(() => [rsa, ec, ed, ps, es384])
  const auth = withJwt({ jwksUrl: keys.url, requiredClaims: { hd: 'example.com', roles: 'caller', email: '*' } })
  await using ingress = await startIngress(serverConfig({ auth }))
  const full = { ...claims, hd: 'example.com', roles: ['viewer', 'caller'], email: 'a@b' }
  const good = await sign(rsa, full)
  t.equal((await call(ingress, good)).status, 200)

  const [head = '', payload = '', signature = ''] = good.split('.')
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' })
  const hs256 = `${base64url({ alg: 'HS256', kid: 'rsa-1' })}.${payload}`
  const critical = `${base64url({ alg: 'RS256', kid: 'rsa-1', crit: ['exp2'], exp2: 1 })}.${payload}`
  const without = (name: string) => Object.fromEntries(Object.entries(full).filter(([key]) => key !== name))
  const bad: Readonly<Record<string, string>> = {
    'no algorithm': `${base64url({ alg: 'none' })}.${payload}.`,
    'no algorithm, with a signature': `${base64url({ alg: 'none', kid: 'rsa-1' })}.${payload}.${signature}`,
    'HMAC with the public key': `${hs256}.${createHmac('sha256', pem).update(hs256).digest('base64url')}`,
    'another key of the same name': await sign(stranger, full),
    'a key in the token': await sign(stranger, full, { jwk: stranger.jwk }),
    'a key at a URL of the token': await sign(stranger, full, { jku: 'http://127.0.0.1:1/' }),
    'another payload': `${head}.${base64url({ ...full, sub: 'root' })}.${signature}`,
    'no signature': `${head}.${payload}.`,
    'signature of something else': `${head}.${payload}.${Buffer.alloc(256).toString('base64url')}`,
    'algorithm that is not accepted, RSA': await sign(ps, full),
    'algorithm that is not accepted, EC': await sign(es384, full),
    'unknown key': await sign({ ...rsa, kid: 'rsa-2' }, full),
    expired: await sign(rsa, { ...full, exp: startS - 31 }),
    'not yet': await sign(rsa, { ...full, nbf: startS + 40 }),
    'issued later': await sign(rsa, { ...full, iat: startS + 31 }),
    'issued at a text': await sign(rsa, { ...full, iat: 'now' as unknown as number }),
    'never expires': await sign(rsa, without('exp')),
    'expires as text': await sign(rsa, without('exp')).then(() =>
      sign(rsa, { ...full, exp: 'never' as unknown as number }),
    ),
    'another issuer': await sign(rsa, { ...full, iss: 'https://login.example' }),
    'no issuer': await sign(rsa, without('iss')),
    'another audience': await sign(rsa, { ...full, aud: 'orders2' }),
    'no audience': await sign(rsa, without('aud')),
    'no subject': await sign(rsa, without('sub')),
    'empty subject': await sign(rsa, { ...full, sub: '' }),
    'subject beyond ASCII': await sign(rsa, { ...full, sub: 'zo\u00eb' }),
    'subject with a line break': await sign(rsa, { ...full, sub: 'a\r\nx: y' }),
    'subject too long': await sign(rsa, { ...full, sub: 's'.repeat(256) }),
    'another value of a claim': await sign(rsa, { ...full, hd: 'evil.com' }),
    'claim that is an object': await sign(rsa, { ...full, hd: { toString: 'example.com' } }),
    'list without the item': await sign(rsa, { ...full, roles: ['viewer'] }),
    'claim missing': await sign(rsa, without('email')),
    'critical extension': `${critical}.${signBytes('sha256', Buffer.from(critical), rsa.privateKey).toString('base64url')}`,
    'not a token': 'abc',
    'three dots': 'a.b.c',
    empty: '.',
  }
  for (const [name, token] of Object.entries(bad)) {
    const reply = await call(ingress, token)
    t.ok(isIngressError(reply, 401), `${name}: ${reply.status}`)
    t.equal(reply.headers['www-authenticate'], 'Bearer realm="ingress", error="invalid_token"')
    if (token.length > 20) t.notMatch(reply.body, token.slice(0, 20), name)
  }
  t.equal(ingress.partition.requests.length, 1)
  t.equal(ingress.metrics.authentication.refused, Object.keys(bad).length)
  t.notMatch(ingress.logLines.join(''), payload.slice(0, 20))
  const { length } = await sign(rsa, { ...full, sub: 's'.repeat(255) })
  t.ok(length > 0)
  t.equal((await call(ingress, await sign(rsa, { ...full, sub: 's'.repeat(255) }))).status, 200)
})

t.test('keys rotate: a new key id has them fetched again, an invented one not every time', async (t) => {
  let published: readonly SigningKey[] = [rsa]
  await using keys = await startKeyServer(() => published)
  await using ingress = await startIngress(serverConfig({ auth: withJwt({ jwksUrl: keys.url }) }))
  const of = (key: SigningKey) => sign(key, { ...claims, exp: startS + 100_000 })
  t.equal((await call(ingress, await of(rsa))).status, 200)
  published = [rsa, ec]
  ingress.nowMs += 31_000
  t.equal((await call(ingress, await of(ec))).status, 200)
  t.equal(keys.requests, 2)
  for (let i = 0; i < 20; i++) {
    t.equal((await call(ingress, await of({ ...ec, kid: `invented-${i}` }))).status, 401)
  }
  t.equal(keys.requests, 2, 'within the pause between two fetches')
  published = [ec]
  ingress.nowMs += 600_000
  const [first, second] = await Promise.all([call(ingress, await of(rsa)), call(ingress, await of(ec))])
  t.strictSame([first.status, second.status], [401, 200], 'a key that is withdrawn is gone')
  t.equal(keys.requests, 3, 'one fetch for all who wait')
})

t.test('a token that does not name its key, when the only key of the issuer becomes another', async (t) => {
  const { kid: _, ...unnamed } = rsa.jwk
  const other = await newKey('rsa-2', 'RS256')
  const { kid: __, ...otherUnnamed } = other.jwk
  let published = unnamed
  await using keys = await startKeyServer(() => [])
  keys.answer = (response) => response.end(JSON.stringify({ keys: [published] }))
  await using ingress = await startIngress(serverConfig({ auth: withJwt({ jwksUrl: keys.url }) }))
  const of = (key: SigningKey) => sign(key, { ...claims, exp: startS + 100_000 }, { kid: undefined })
  t.equal((await call(ingress, await of(rsa))).status, 200)
  published = otherUnnamed
  t.equal((await call(ingress, await of(other))).status, 401, 'not within the pause between two fetches')
  t.equal(keys.requests, 1)
  ingress.nowMs += 31_000
  t.equal((await call(ingress, await of(other))).status, 200)
  t.equal((await call(ingress, await of(rsa))).status, 401)
  t.equal(keys.requests, 2)
})

t.test('an issuer that is away: 503 at first, its keys for an hour afterwards', async (t) => {
  await using keys = await startKeyServer(() => [rsa])
  const { answer } = keys
  const away: readonly (readonly [name: string, answer: typeof answer])[] = [
    ['error', (response) => response.writeHead(500).end()],
    ['redirect', (response) => response.writeHead(302, { location: keys.url }).end()],
    ['no JSON', (response) => response.end('<html>')],
    ['no key set', (response) => response.end('{"keys": 1}')],
    ['too many keys', (response) => response.end(JSON.stringify({ keys: Array(101).fill(rsa.jwk) }))],
    ['too large', (response) => response.end(`{"keys": [], "x": "${'y'.repeat(600_000)}"}`)],
    ['endless', (response) => void setInterval(() => response.write('y'.repeat(100_000)), 1).unref()],
    ['cut off', (response) => response.destroy()],
  ]
  for (const [name, bad] of away) {
    await using ingress = await startIngress(serverConfig({ auth: withJwt({ jwksUrl: keys.url }) }))
    keys.answer = bad
    const reply = await call(ingress, await sign(rsa, claims))
    t.ok(isIngressError(reply, 503), name)
    t.notOk('www-authenticate' in reply.headers)
    t.notMatch(reply.body, /127\.0\.0\.1|jwks/, 'callers need not know where the keys are')
    t.match(ingress.logLines.join(''), /jwks-unavailable.*127\.0\.0\.1/)
    t.equal(ingress.partition.requests.length, 0)
    t.equal(ingress.metrics.authentication.unavailable, 1)
    keys.answer = answer
    ingress.nowMs += 31_000
    t.equal((await call(ingress, await sign(rsa, claims))).status, 200, 'and back again')
  }

  await using ingress = await startIngress(serverConfig({ auth: withJwt({ jwksUrl: keys.url }) }))
  const token = await sign(rsa, { ...claims, exp: startS + 100_000 })
  t.equal((await call(ingress, token)).status, 200)
  keys.answer = (response) => response.writeHead(500).end()
  ingress.nowMs += 3_599_000
  t.equal((await call(ingress, token)).status, 200)
  ingress.nowMs += 31_000
  t.equal((await call(ingress, token)).status, 503)
})

t.test('fetching has a time limit, ends with the server, and obeys the egress policy', async (t) => {
  let connections = 0
  const silent = createServer(() => connections++)
  const url = new URL(`http://127.0.0.1:${await listenOnLoopback(silent)}/jwks`)
  t.teardown(() => silent.close())
  const egress = new DefaultEgressPolicy()
  const never = new AbortController().signal
  await t.rejects(fetchJwks(url, { egress }, never, 1000), {
    code: IngressAuthUnavailable.definition.code,
    message: /within 1000 ms/,
  })
  const closing = new AbortController()
  silent.once('request', () => closing.abort())
  await t.rejects(fetchJwks(url, { egress }, closing.signal), IngressAuthUnavailable)
  t.equal(connections, 2)

  const port = Number(url.port)
  const own = new DefaultEgressPolicy({ ownListeners: () => [{ address: '127.0.0.1', port }] })
  await t.rejects(fetchJwks(url, { egress: own }, never), EgressDenied)
  await t.rejects(fetchJwks(new URL('http://169.254.169.254/'), { egress }, never), EgressDenied)
  t.equal(connections, 2, 'nothing was sent')
})

t.test('keys from a file, also after it has changed', async (t) => {
  const file = join(shortDirectory(t), 'jwks.json')
  writeFileSync(file, JSON.stringify({ keys: [rsa.jwk] }))
  await using ingress = await startIngress(serverConfig({ auth: withJwt({ jwksFile: file }) }))
  t.equal((await call(ingress, await sign(rsa, claims))).status, 200)
  t.equal((await call(ingress, await sign(ec, claims))).status, 401)
  writeFileSync(file, JSON.stringify({ keys: [ec.jwk] }))
  ingress.nowMs += 10_000
  t.equal((await call(ingress, await sign(ec, claims))).status, 200)
  t.equal((await call(ingress, await sign(rsa, claims))).status, 401)
})

t.test('the assertion of Google’s Identity-Aware Proxy', async (t) => {
  await using keys = await startKeyServer(() => [ec, rsa])
  const header = 'x-goog-iap-jwt-assertion'
  const jwt = { ...noAuth.jwt, profile: 'google-iap', header, algorithms: ['ES256'], jwksUrl: keys.url } as const
  const audiences = ['/projects/1/global/backendServices/2']
  const auth = { ...noAuth, subjectHeader: 'x-caller-id', jwt: { ...jwt, audiences, subjectClaim: 'email' } }
  await using ingress = await startIngress(serverConfig({ auth, headerAllowListExtra: ['*'] }))
  const asserted = { ...claims, iss: 'https://cloud.google.com/iap', aud: audiences[0] ?? '', email: 'ada@example.com' }
  t.equal((await call(ingress, await sign(ec, asserted), header)).status, 200)
  t.equal(new Map(ingress.partition.last.headers).get('x-caller-id'), 'ada@example.com')
  t.notOk(new Map(ingress.partition.last.headers).has(header))
  t.equal((await call(ingress, await sign(ec, asserted))).status, 401, 'in another header')
  t.equal((await call(ingress, await sign(ec, { ...asserted, iss: issuer }), header)).status, 401)
  t.equal((await call(ingress, await sign(rsa, asserted), header)).status, 401)
  t.equal((await call(ingress, await sign(ec, { ...asserted, aud: 'orders' }), header)).status, 401)
  const { iat: _, ...undated } = asserted
  t.equal((await call(ingress, await sign(ec, undated), header)).status, 401, 'when it was issued must be in it')

  for (const bad of [{ audiences: [] }, { audiences, issuer }, { audiences, algorithms: ['RS256'] }]) {
    await t.rejects(startIngress(serverConfig({ auth: { ...noAuth, jwt: { ...jwt, ...bad } } })), IngressBadAuthConfig)
  }
})

t.test('API keys and tokens side by side', async (t) => {
  await using keys = await startKeyServer(() => [rsa])
  const apiKeys = { web: `sha256:${createHash('sha256').update('a-key').digest('hex')}` }
  await using ingress = await startIngress(serverConfig({ auth: withJwt({ jwksUrl: keys.url }, { apiKeys }) }))
  t.equal((await call(ingress, 'a-key')).status, 200)
  t.strictSame(ingress.partition.last.headers[1], ['x-caller-id', 'web'])
  t.equal((await call(ingress, await sign(rsa, claims))).status, 200)
  t.strictSame(ingress.partition.last.headers[1], ['x-caller-id', 'ada@example'])
  t.equal((await call(ingress, 'another')).status, 401)
  t.equal((await call(ingress, 'another', 'x-api-key')).status, 401)
})

t.test('half a configuration stops the start', async (t) => {
  const directory = shortDirectory(t)
  const file = join(directory, 'jwks.json')
  writeFileSync(file, 'no JSON')
  const url = 'http://127.0.0.1:1/'
  const jwts: readonly Partial<IngressAuthConfig['jwt']>[] = [
    { issuer },
    { audiences: ['orders'] },
    { jwksUrl: url },
    { issuer, audiences: ['orders'] },
    { issuer, jwksUrl: url },
    { audiences: ['orders'], jwksUrl: url },
    { issuer, audiences: ['orders'], jwksUrl: url, jwksFile: file },
    { issuer, audiences: ['orders'], jwksUrl: url, algorithms: [] },
    { issuer, audiences: ['orders'], jwksFile: file },
    { issuer, audiences: ['orders'], jwksFile: join(directory, 'none') },
  ]
  for (const jwt of jwts) {
    const auth = { ...noAuth, jwt: { ...noAuth.jwt, ...jwt } }
    await t.rejects(startIngress(serverConfig({ auth })), IngressBadAuthConfig, JSON.stringify(jwt))
  }
})
