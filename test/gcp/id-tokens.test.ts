import t from 'tap'
import type { PerdureError } from '../../src/errors/perdure-error.ts'
import type { GoogleIdTokenAuth } from '../../src/gcp/auth.ts'
import { IdTokens, isRetryableAtDiscovery } from '../../src/gcp/id-tokens.ts'
import type { MintRecord } from '../../src/gcp/mint-record.ts'
import { credentialsEnv, targetAccount, userFile } from './credential-files.ts'
import { recordDials } from './dial-recorder.ts'
import { GoogleFakes, machineAccount } from './google-fakes.ts'
import { claimsIn } from './jwt.ts'

const auth = { audience: 'https://svc-abc.a.run.app', impersonateServiceAccount: undefined }

t.test('nothing happens before the first token is wanted', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const dials = recordDials(t)
  let reads = 0
  const env = new Proxy<Record<string, string>>(fakes.env, {
    get: (target, name) => {
      reads++
      return Reflect.get(target, name)
    },
  })
  await using tokens = new IdTokens({ env })
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(dials.hosts, [])
  t.equal(reads, 0)
  await tokens.forDiscovery(auth)
  t.equal(fakes.seen.length, 1)
  t.ok(reads > 0)
})

t.test('discovery mints at every call, invocations share', async (t) => {
  const fakes = await GoogleFakes.start(t)
  await using tokens = new IdTokens({ env: fakes.env })
  for (let call = 0; call < 3; call++) await tokens.forDiscovery(auth)
  t.equal(fakes.seen.length, 3)

  fakes.delayMs = 50
  const first = Array.from({ length: 500 }, () => tokens.forInvocation(auth))
  t.ok(first.every((token) => token instanceof Promise))
  const minted = new Set(await Promise.all(first))
  t.equal(minted.size, 1)
  t.equal(fakes.seen.length, 4, '500 on a cold cache mint once')
  t.ok(minted.has(String(tokens.forInvocation(auth))), 'at once, no promise')
  await tokens.forDiscovery(auth)
  t.equal(fakes.seen.length, 5, 'a cached token is not for discovery')
  t.ok(minted.has(String(tokens.forInvocation(auth))), 'and the one of discovery is not cached')
})

t.test('expiry: a token of eleven minutes is reused for ten, one of 50 s never', async (t) => {
  const fakes = await GoogleFakes.start(t)
  let ahead = 0
  await using tokens = new IdTokens({ env: fakes.env, now: () => Date.now() + ahead })
  fakes.lifetimeSeconds = 660
  const first = await tokens.forInvocation(auth)
  ahead = 540_000
  t.equal(tokens.forInvocation(auth), first)
  ahead = 600_000
  const second = tokens.forInvocation(auth)
  t.type(second, Promise)
  t.not(await second, first)
  ahead = 0
  fakes.lifetimeSeconds = 50
  const short = { ...auth, audience: 'https://short' }
  const seen = fakes.seen.length
  for (let call = 0; call < 3; call++) await tokens.forInvocation(short)
  t.equal(fakes.seen.length, seen + 3)
})

t.test('keys never mix', async (t) => {
  const fakes = await GoogleFakes.start(t)
  await using tokens = new IdTokens({ env: fakes.env, redirect: fakes.redirect })
  const accounts = [undefined, targetAccount, 'other@proj.iam.gserviceaccount.com']
  const auths = accounts.flatMap((impersonateServiceAccount) =>
    ['https://a', 'https://b', 'https://a:443'].map((audience) => ({ audience, impersonateServiceAccount })),
  )
  const calls = Array.from({ length: 10_000 }, (_, index) => auths[(index * 7) % auths.length] ?? auth)
  const got = await Promise.all(calls.map((one) => tokens.forInvocation(one)))
  let wrong = 0
  for (const [index, token] of got.entries()) {
    const { aud, email } = claimsIn(token)
    const asked = calls[index]
    const account = asked?.impersonateServiceAccount ?? machineAccount
    if (aud !== asked?.audience || email !== account) wrong++
  }
  t.equal(wrong, 0)
  t.equal(fakes.idTokens, auths.length)
})

t.test('failures: the code of the place, remembered for a moment, recovered from', async (t) => {
  const fakes = await GoogleFakes.start(t)
  // Time goes on only when told to.
  let ahead = 0
  const began = Date.now()
  await using tokens = new IdTokens({ env: fakes.env, now: () => began + ahead })
  fakes.faults.push({ path: /identity/, status: 403, body: 'not now' })
  const code = 'PERDURE_ERR_GCP_MINT_FAILED'
  await t.rejects(tokens.forDiscovery(auth), { code, status: 500, restateCode: 'META0003', message: /not now/ })
  const waiting = Array.from({ length: 200 }, () => Promise.resolve(tokens.forInvocation(auth)))
  for (const outcome of await Promise.allSettled(waiting)) {
    if (outcome.status === 'fulfilled') t.fail('no token can have come')
  }
  t.equal(fakes.seen.length, 2)
  const rejects = () =>
    t.rejects(Promise.resolve(tokens.forInvocation(auth)), { code, restateCode: 'RT0010', message: /not now/ })
  await rejects()
  t.equal(fakes.seen.length, 2, 'not asked again at once')
  await t.rejects(tokens.forDiscovery(auth))
  t.equal(fakes.seen.length, 3, 'discovery always asks')
  ahead = 600
  await rejects()
  t.equal(fakes.seen.length, 4)
  fakes.faults.length = 0
  await rejects()
  ahead = 1700
  t.equal(claimsIn(await tokens.forInvocation(auth)).aud, auth.audience)
  t.equal(fakes.seen.length, 5)
})

t.test('a mint that discovery has got ends the pause', async (t) => {
  const fakes = await GoogleFakes.start(t)
  await using tokens = new IdTokens({ env: fakes.env })
  fakes.faults.push({ path: /identity/, status: 403, times: 1 })
  await t.rejects(Promise.resolve(tokens.forInvocation(auth)))
  await tokens.forDiscovery(auth)
  t.equal(claimsIn(await tokens.forInvocation(auth)).aud, auth.audience)
})

t.test('a refused token is replaced once, however many say so', async (t) => {
  const fakes = await GoogleFakes.start(t)
  await using tokens = new IdTokens({ env: fakes.env })
  const first = await tokens.forInvocation(auth)
  for (let time = 0; time < 100; time++) tokens.refused(auth, first)
  const second = await tokens.forInvocation(auth)
  t.not(second, first)
  tokens.refused(auth, second)
  t.equal(tokens.forInvocation(auth), second, 'it is not the token then')
  t.equal(fakes.seen.length, 2)
  t.equal(tokens.usage.refused, 1)
})

t.test('each mint is told of, and every request is counted', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const env: Record<string, string> = { ...fakes.env }
  // Long enough for a mint on a slow machine; time itself stands still, so that the pause after a failure does not end.
  const timeoutMs = 4000
  const began = Date.now()
  const tokens = new IdTokens({ env, redirect: fakes.redirect, timeoutMs, now: () => began })
  const mints: MintRecord[] = []
  tokens.onMint((mint) => mints.push(mint))
  const ask = (asked: Partial<GoogleIdTokenAuth> = {}) =>
    Promise.resolve(tokens.forInvocation({ ...auth, ...asked })).catch(() => {})
  await Promise.all([ask(), ask(), ask()])
  await ask()
  await ask({ audience: 'https://as-target', impersonateServiceAccount: targetAccount })
  fakes.faults.push({ path: /identity/, status: 403, times: 1 }, { path: /identity/, hang: true })
  await ask({ audience: 'https://refused' })
  await ask({ audience: 'https://refused' })
  await ask({ audience: 'https://late' })
  Object.assign(env, credentialsEnv(t, userFile()))
  await ask({ audience: 'https://by-user' })
  env.GOOGLE_APPLICATION_CREDENTIALS = '/nowhere/file.json'
  await ask({ audience: 'https://no-file' })
  delete env.GOOGLE_APPLICATION_CREDENTIALS
  const abort = new AbortController()
  const leaving = tokens.forDiscovery(auth, abort.signal).catch(() => {})
  setTimeout(() => abort.abort(new Error('gone')), 20)
  await leaving
  tokens.close()
  await ask({ audience: 'https://closed' })
  t.same(
    mints.map(({ source, result }) => `${source} ${result}`),
    [
      'metadata-server minted',
      'metadata-server minted',
      'metadata-server failed',
      'metadata-server timeout',
      'user unsupported',
      'none no-credentials',
      'metadata-server given-up',
      'none given-up',
    ],
  )
  t.ok(mints.every(({ durationMs }) => durationMs >= 0 && durationMs < 60_000))
  t.ok((mints[3]?.durationMs ?? 0) >= timeoutMs - 10)
  t.strictSame(tokens.usage, { cached: 1, minted: 7, shared: 2, paced: 1, refused: 0, size: 0 })
})

t.test('whether discovery should ask again', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const impersonating = { ...auth, impersonateServiceAccount: targetAccount }
  const missing = { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/file.json' }
  const retryable = async (tokens: IdTokens, asked: typeof auth | typeof impersonating) => {
    const error = await tokens.forDiscovery(asked).then(
      () => t.fail('it should fail'),
      (reason: PerdureError) => reason,
    )
    return error instanceof Error && isRetryableAtDiscovery(error, asked)
  }
  fakes.faults.push({ path: /identity/, status: 403, times: 1 }, { path: /identity/, hang: true })
  const byMachine = new IdTokens({ env: fakes.env, timeoutMs: 100 })
  t.equal(await retryable(byMachine, auth), true, 'refused')
  t.equal(await retryable(byMachine, auth), true, 'late')
  t.equal(await retryable(new IdTokens({ env: missing }), auth), false, 'no credentials')
  t.equal(await retryable(new IdTokens({ env: missing }), impersonating), true, 'none to impersonate with')
  t.equal(await retryable(new IdTokens({ env: credentialsEnv(t, userFile()) }), auth), false, 'unsupported')
})

t.test('closing ends what is in flight, and all that comes later', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const tokens = new IdTokens({ env: fakes.env })
  const cached = await tokens.forInvocation(auth)
  t.equal(tokens.forInvocation(auth), cached)
  fakes.faults.push({ path: /identity/, hang: true })
  const closed = { code: 'PERDURE_ERR_GCP_TOKENS_CLOSED', status: 503 }
  const waiting = [tokens.forDiscovery(auth), tokens.forInvocation({ ...auth, audience: 'https://b' })]
  const checks = waiting.map((token) => t.rejects(Promise.resolve(token), closed))
  await new Promise((resolve) => setTimeout(resolve, 50))
  tokens.close()
  tokens.close()
  await Promise.all(checks)
  const seen = fakes.seen.length
  await t.rejects(Promise.resolve(tokens.forInvocation(auth)), closed)
  await t.rejects(tokens.forDiscovery(auth), closed)
  t.equal(fakes.seen.length, seen)
})

t.test('a discovery that is given up', async (t) => {
  const fakes = await GoogleFakes.start(t)
  await using tokens = new IdTokens({ env: fakes.env })
  fakes.faults.push({ path: /identity/, hang: true })
  const reason = new Error('gone')
  const abort = new AbortController()
  setTimeout(() => abort.abort(reason), 50)
  await t.rejects(tokens.forDiscovery(auth, abort.signal), reason)
})
