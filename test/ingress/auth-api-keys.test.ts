import { createHash } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { IngressAuthConfig } from '../../src/config/config.ts'
import { IngressBadAuthConfig, IngressBadHeaderPattern } from '../../src/errors/ingress.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { ask, isIngressError, jsonType, noAuth, serverConfig, startIngress } from './fixture.ts'

const hashOf = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`
const withKeys = (more: Partial<IngressAuthConfig> = {}): IngressAuthConfig => ({
  ...noAuth,
  apiKeys: { billing: hashOf('key-of-billing'), web: hashOf('key-of-web') },
  ...more,
})

t.test('a known key calls; everything else is 401 and leaves nothing', async (t) => {
  await using ingress = await startIngress(serverConfig({ auth: withKeys() }))
  const good: readonly Record<string, string>[] = [
    { authorization: 'Bearer key-of-billing' },
    { authorization: 'bearer  key-of-web' },
    { 'x-api-key': 'key-of-web' },
    { 'X-API-Key': 'key-of-billing', authorization: 'Basic YTpi' },
  ]
  for (const headers of good) {
    const reply = await ask(ingress, '/Svc/echo', { headers: { ...jsonType, ...headers }, body: '1' })
    t.equal(reply.status, 200, JSON.stringify(headers))
  }
  t.equal(ingress.partition.requests.length, good.length)

  const none = 'Bearer realm="ingress"'
  const wrong = 'Bearer realm="ingress", error="invalid_token"'
  const bad: readonly (readonly [headers: Record<string, string>, challenge: string])[] = [
    [{}, none],
    [{ 'x-api-key': '' }, none],
    [{ authorization: 'Basic a2V5LW9mLXdlYg==' }, none],
    [{ authorization: 'Bearer ' }, none],
    [{ authorization: 'key-of-web' }, none],
    [{ 'x-api-key': 'Bearer key-of-web' }, wrong],
    [{ 'x-api-key': 'key-of-we' }, wrong],
    [{ 'x-api-key': hashOf('key-of-web') }, wrong],
    [{ 'x-api-key': 'k'.repeat(5000) }, wrong],
    [{ authorization: 'Bearer billing' }, wrong],
  ]
  const paths = [
    '/Svc/echo',
    '/Nope/x',
    '/restate/call/Obj/k/add',
    '/restate/awakeables/x/resolve',
    '/restate/lookup',
    '/',
  ]
  for (const [headers, challenge] of bad) {
    for (const path of paths) {
      const reply = await ask(ingress, path, { headers: { ...jsonType, ...headers }, body: '1' })
      t.ok(isIngressError(reply, 401), `${path} ${JSON.stringify(headers).slice(0, 60)}`)
      t.equal(reply.headers['www-authenticate'], challenge)
      t.notMatch(reply.body, /key-of|billing|Svc|Nope/)
    }
  }
  for (const path of ['/openapi', '/restate/attach/inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz']) {
    t.equal((await ask(ingress, path, { method: 'GET' })).status, 401, path)
  }
  t.equal(ingress.partition.requests.length, good.length)
  t.equal(ingress.partition.signals.length, 0)
  const perPath = paths.length
  t.match(ingress.metrics.authentication, {
    accepted: 4,
    missing: 5 * perPath + 2,
    refused: 5 * perPath,
    unavailable: 0,
  })
  t.notMatch(ingress.logLines.join(''), /key-of|k{20}/)
})

t.test('a key header that is there twice is refused, whatever is in it', async (t) => {
  await using ingress = await startIngress(serverConfig({ auth: withKeys() }))
  const response = await fetch(`${ingress.url}/Svc/echo`, {
    method: 'POST',
    headers: [
      ['content-type', 'application/json'],
      ['x-api-key', 'key-of-web'],
    ],
    body: '1',
  })
  t.equal(response.status, 200)
  const { RawClient } = await import('../listen/fixture.ts')
  const twice = await new RawClient(ingress.port)
    .send(
      'POST /Svc/echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-api-key: key-of-web\r\nX-Api-Key: key-of-web\r\ncontent-length: 0\r\n\r\n',
    )
    .untilClosed()
  t.match(twice, /^HTTP\/1\.1 401 /)
  t.equal(ingress.partition.requests.length, 1)
})

t.test('health is open, or not; preflights have no credentials', async (t) => {
  await using open = await startIngress(serverConfig({ auth: withKeys(), corsAllowedOrigins: ['https://app.example'] }))
  const health = await ask(open, '/restate/health', { method: 'GET' })
  t.equal(health.status, 200)
  t.strictSame(health.json, { services: [] }, 'strangers learn no names')
  t.equal((await ask(open, '/restate/healthy', { method: 'GET' })).status, 401)
  const preflight = await ask(open, '/Svc/echo', {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  })
  t.equal(preflight.status, 200)
  t.equal((await ask(open, '/Svc/echo', { method: 'OPTIONS' })).status, 401)

  await using closed = await startIngress(serverConfig({ auth: withKeys({ openHealth: false }) }))
  t.equal((await ask(closed, '/restate/health', { method: 'GET' })).status, 401)
  const known = { method: 'GET', headers: { 'x-api-key': 'key-of-web' } }
  t.match((await ask(closed, '/restate/health', known)).body, /"Svc"/)
})

t.test('the subject goes into its header, over a copy of the caller’s; keys go nowhere', async (t) => {
  const auth = withKeys({ subjectHeader: 'x-caller-id', apiKeyHeaders: ['x-team-key'] })
  for (const headerPolicy of ['allow-list', 'restate-compatible'] as const) {
    await using ingress = await startIngress(serverConfig({ auth, headerPolicy, headerAllowListExtra: ['*'] }))
    const headers = { ...jsonType, 'X-Team-Key': 'key-of-billing', 'x-caller-id': 'root', 'x-plain': 'p' }
    t.equal((await ask(ingress, '/Svc/echo', { headers, body: '1' })).status, 200)
    const kept = new Map(ingress.partition.last.headers)
    t.equal(kept.get('x-caller-id'), 'billing')
    t.equal(kept.get('x-plain'), 'p')
    t.notOk(kept.has('x-team-key'))
    t.notMatch(JSON.stringify(ingress.partition.last.headers), /key-of|root/)
    t.equal(ingress.metrics.headersDropped.credential, 1)
  }
})

t.test('a file of keys is read again when it changes, and stays when it cannot be read', async (t) => {
  const file = join(shortDirectory(t), 'keys')
  const put = (text: string) => {
    // As an editor does it: the new file takes the place of the old one.
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  put(`# keys of the shop\n\n till  ${hashOf('first')}\r\n`)
  await using ingress = await startIngress(serverConfig({ auth: { ...noAuth, apiKeysFile: file } }))
  const statusOf = async (key: string) =>
    (await ask(ingress, '/restate/lookup', { headers: { 'x-api-key': key }, body: '{}' })).status
  t.equal(await statusOf('first'), 400)
  t.equal(await statusOf('second'), 401)
  put(`till ${hashOf('second')}\n`)
  t.equal(await statusOf('first'), 400, 'not looked at all the time')
  ingress.nowMs += 1000
  t.equal(await statusOf('first'), 401)
  t.equal(await statusOf('second'), 400)
  put('till second\n')
  ingress.nowMs += 1000
  t.equal(await statusOf('second'), 400)
  t.match(ingress.logLines.join(''), /api-keys-unreadable.*line 1/)
  t.notMatch(ingress.logLines.join(''), /second/)
  put('')
  ingress.nowMs += 1000
  t.equal(await statusOf('second'), 401, 'an empty file lets nobody in')
})

t.test('what cannot work stops the start', async (t) => {
  const directory = shortDirectory(t)
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const configs: readonly Partial<IngressAuthConfig>[] = [
    { apiKeysFile: join(directory, 'none') },
    { apiKeysFile: file('plain', 'web key-of-web\n') },
    { apiKeysFile: file('three', `web ${hashOf('x')} more\n`) },
    { apiKeysFile: file('large', '#'.repeat(2_000_000)) },
    { apiKeys: { web: hashOf('x') }, apiKeyHeaders: [] },
    { apiKeys: { web: hashOf('x') }, subjectHeader: 'x-api-key' },
    { subjectHeader: 'x-caller-id' },
  ]
  for (const auth of configs) {
    const error = await t.rejects(startIngress(serverConfig({ auth: { ...noAuth, ...auth } })), IngressBadAuthConfig)
    t.notMatch(String(error), /key-of/)
  }
  const explicit = serverConfig({ auth: withKeys(), headerAllowListExtra: ['X-Api-Key'] })
  await t.rejects(startIngress(explicit), IngressBadHeaderPattern)
})
