import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { checkAuth } from '../../src/gcp/auth.ts'
import { explainFrontEndAnswer } from '../../src/gcp/front-end-answer.ts'
import { IdTokens } from '../../src/gcp/id-tokens.ts'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { parseDeploymentUri } from '../../src/registry/deployment-uri.ts'
import { discover } from '../../src/registry/discover.ts'
import { register, startServerProcess } from '../harness/server-process.ts'
import { CloudRun } from './cloud-run.ts'
import { GoogleFakes, machineAccount } from './google-fakes.ts'
import { jwksOf, rsaKeyPair, signRs256 } from './jwt.ts'
import { request } from './request.ts'
import { startSdkService } from './sdk-service.ts'

// Made for tests; it secures nothing.
const tls = {
  cert: readFileSync(new URL('../registry/fixtures/localhost-cert.pem', import.meta.url), 'utf8'),
  key: readFileSync(new URL('../registry/fixtures/localhost-key.pem', import.meta.url), 'utf8'),
}
const accept = { accept: 'application/vnd.restate.endpointmanifest.v4+json' }
const bearer = (token: string) => ({ ...accept, 'x-serverless-authorization': `Bearer ${token}` })

async function start(t: Test, protocol: 'h2c' | 'http/1.1' = 'h2c', secure = false) {
  const fakes = await GoogleFakes.start(t)
  const container = await startSdkService(t, protocol)
  const service = await CloudRun.start(t, { container, jwksUrl: fakes.jwksUrl, ...(secure ? { tls } : {}) })
  service.grant(machineAccount)
  const tokens = new IdTokens({ env: fakes.env, redirect: fakes.redirect })
  t.teardown(() => tokens.close())
  return { fakes, service, tokens, token: () => fakes.idToken(service.origin, machineAccount) }
}

t.test('who gets in', async (t) => {
  const { fakes, service, token } = await start(t)
  const { origin } = service
  const now = Math.floor(Date.now() / 1000)
  const good = {
    aud: origin,
    iss: 'https://accounts.google.com',
    sub: '1',
    iat: now,
    exp: now + 60,
    email: machineAccount,
  }
  const stranger = rsaKeyPair('google-1')
  const [header, payload, signature] = token().split('.')
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const cases: readonly (readonly [string, Record<string, string>, number, string])[] = [
    ['good', { 'x-serverless-authorization': `Bearer ${token()}` }, 200, 'passed'],
    ['good, in Authorization', { authorization: `bearer ${token()}` }, 200, 'passed'],
    ['none', {}, 403, 'no token'],
    ['an access token', { 'x-serverless-authorization': 'Bearer ya29.x' }, 401, 'no JWT'],
    ['alg none', bearer(`${part({ alg: 'none', kid: 'google-1' })}.${payload}.x`), 401, 'signature'],
    ['HS256', bearer(`${part({ alg: 'HS256', kid: 'google-1' })}.${payload}.${signature}`), 401, 'signature'],
    ['the key of somebody else', bearer(signRs256(stranger, good)), 401, 'signature'],
    ['a key inside', bearer(signRs256(stranger, good, { jwk: jwksOf(stranger).keys[0] })), 401, 'signature'],
    ['changed', bearer(`${header}.${part({ ...good, sub: '2' })}.${signature}`), 401, 'signature'],
    ['expired', bearer(fakes.idToken(origin, machineAccount, { exp: now - 1 })), 401, 'expired'],
    ['from the future', bearer(fakes.idToken(origin, machineAccount, { iat: now + 60 })), 401, 'issued later'],
    ['of another issuer', bearer(fakes.idToken(origin, machineAccount, { iss: 'https://evil' })), 401, 'issuer'],
    ['for another audience', bearer(fakes.idToken('https://other', machineAccount)), 401, 'audience'],
    ['no invoker', bearer(fakes.idToken(origin, 'nobody@x')), 403, 'no invoker'],
    [
      'bad in front of good',
      { 'x-serverless-authorization': 'Bearer junk', authorization: `Bearer ${token()}` },
      401,
      'no JWT',
    ],
    ['good in front of anything', { ...bearer(token()), authorization: 'Basic of-the-app' }, 200, 'passed'],
  ]
  for (const [name, headers, status, verdict] of cases) {
    const answer = await request(origin, { ...accept, ...headers })
    t.match(answer, { status, headers: { server: 'Google Frontend' } }, name)
    t.match(service.verdicts.at(-1), verdict, name)
    if (status === 401) t.match(answer.headers['www-authenticate'], /invalid_token/, name)
  }
  t.equal(service.forwarded.length, service.verdicts.filter((verdict) => verdict === 'passed').length)
  t.equal(service.forwarded.at(-1)?.authorization, 'Basic of-the-app', 'it is the application’s')
  service.grant('sub:1000')
  t.equal((await request(origin, bearer(fakes.idToken(origin, undefined)))).status, 200, 'without an address')
})

t.test('what the container sees of the token', async (t) => {
  const { service, token } = await start(t)
  for (const forward of ['strip', 'redact'] as const) {
    service.forward = forward
    t.equal((await request(service.origin, { ...bearer(token()), 'x-google-x': '1' })).status, 200)
    const seen = service.forwarded.at(-1)
    t.match(seen, { 'x-forwarded-proto': 'https', 'x-google-x': undefined })
    if (forward === 'strip') t.equal(seen?.['x-serverless-authorization'], undefined)
    else t.match(seen?.['x-serverless-authorization'], /^Bearer eyJ[\w-]+\.[\w-]+\.SIGNATURE_REMOVED_BY_GOOGLE$/)
  }
  await request(service.origin, { ...accept, authorization: `Bearer ${token()}` })
  t.match(service.forwarded.at(-1)?.authorization, /SIGNATURE_REMOVED_BY_GOOGLE$/)
})

for (const secure of [false, true]) {
  t.test(`discovery with a minted token, over ${secure ? 'TLS' : 'h2c'}`, async (t) => {
    const { service, tokens } = await start(t, 'h2c', secure)
    const auth = checkAuth(service.origin, {})
    t.equal(auth.audience, service.origin)
    const discoverWith = (token: string) =>
      discover(
        {
          url: parseDeploymentUri(service.origin),
          useHttp11: false,
          additionalHeaders: [
            ['x-serverless-authorization', `Bearer ${token}`],
            ['authorization', 'Bearer of-the-app'],
          ],
        },
        { dialer: { egress: new DefaultEgressPolicy(), ...(secure ? { ca: tls.cert } : {}) }, clusterName: 'c' },
      )
    const discovered = await discoverWith(await tokens.forDiscovery(auth))
    t.match(discovered, { httpVersion: 'HTTP/2.0', manifest: { protocolMode: 'BIDI_STREAM' } })
    t.equal(service.forwarded.at(-1)?.authorization, 'Bearer of-the-app')

    service.revoke(machineAccount)
    await t.rejects(discoverWith(await tokens.forDiscovery(auth)), { code: /DISCOVERY_STATUS/, message: /403/ })
    service.grant(machineAccount)
    service.audiences.splice(0, 1, 'https://custom.example')
    await t.rejects(discoverWith(await tokens.forDiscovery(auth)), { message: /401/ })
    const custom = checkAuth(service.origin, { audience: 'https://custom.example' })
    t.ok(await discoverWith(await tokens.forDiscovery(custom)))
  })
}

t.test('two-way invocations through the front end', async (t) => {
  const { service, token } = await start(t)
  const server = await startServerProcess(t.testdir())
  t.teardown(() => server.stop())
  await register(server.admin, service.origin, { additional_headers: { authorization: `Bearer ${token()}` } })
  service.coldStartMs = 200
  service.goCold()
  const call = async (handler: string, body: unknown) => {
    const response = await fetch(`${server.ingress}/Greeter/${handler}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return response.json()
  }
  t.equal(await call('greet', 'Sarah'), 'Hello Sarah')
  t.equal(await call('steps', 20), 210)
  service.faults.push({ status: 503, retryAfter: '0', times: 2 })
  t.equal(await call('greet', 'again'), 'Hello again', 'what passes is waited for')
  t.match(service.verdicts.slice(-3), ['503 fault', '503 fault', 'passed'])
})

t.test('refusals and faults of the front end, explained', async (t) => {
  const { fakes, service, tokens, token } = await start(t)
  const auth = checkAuth(service.origin, {})
  const explained = async (headers: Record<string, string>) => {
    const { status, headers: answered, body } = await request(service.origin, headers)
    return `${status} ${explainFrontEndAnswer(status, answered, body, auth)}`
  }
  t.match(await explained(bearer(fakes.idToken('https://other', machineAccount))), /^401 .*--gcp-audience/)
  service.iamDelayMs = 120_000
  service.revoke(machineAccount)
  t.match(await explained(bearer(await tokens.forDiscovery(auth))), '200 undefined', 'not yet')
  service.passTime(120_000)
  t.match(await explained(bearer(await tokens.forDiscovery(auth))), /^403 .*roles\/run\.invoker/)
  service.grant(machineAccount)
  t.match(await explained(bearer(token())), /^403/, 'a grant takes a while')
  service.passTime(120_000)
  t.match(await explained(bearer(token())), '200 undefined')
  service.faults.push({ status: 429, retryAfter: '2', times: 1 })
  t.match(await explained(bearer(token())), /^429 .*max-instances/)
  const withoutManifest = await request(service.origin, bearer(token()), { path: '/nothing' })
  t.equal(explainFrontEndAnswer(withoutManifest.status, withoutManifest.headers, '', auth), undefined, 'the SDK’s own')
})

t.test('without --use-http2', async (t) => {
  const { service, token } = await start(t)
  service.http2 = false
  const refused = await request(service.origin, bearer(token()))
  const auth = checkAuth(service.origin, {})
  t.match(explainFrontEndAnswer(refused.status, refused.headers, refused.body, auth), /same protocol.*--use-http2/)

  await t.test('a container that speaks HTTP/1.1 answers, one way at a time', async (t) => {
    const { service, token } = await start(t, 'http/1.1')
    service.http2 = false
    const answer = await request(service.origin, bearer(token()))
    t.match(JSON.parse(answer.body), { protocolMode: 'REQUEST_RESPONSE' })
    service.http2 = true
    t.match(await request(service.origin, bearer(token())), { status: 503, body: /protocol error/ })
    service.http2 = false
    service.maxHttp1RequestBytes = 10
    const large = await request(service.origin, bearer(token()), {
      path: '/invoke/Greeter/greet',
      body: 'x'.repeat(11),
    })
    t.equal(large.status, 413)
  })
})

t.test('open to everybody', async (t) => {
  const { service } = await start(t)
  service.allowUnauthenticated = true
  t.equal((await request(service.origin, accept)).status, 200)
})
