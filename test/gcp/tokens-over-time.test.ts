import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { targetAccount } from './credential-files.ts'
import { type Fault, machineAccount } from './google-fakes.ts'
import { claimsIn } from './jwt.ts'
import { PrivateCloud } from './private-cloud.ts'
import { request } from './request.ts'
import { gate } from './sdk-service.ts'

t.test('a cold cache under 500 calls at once mints once', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  const minted = fakes.idTokens
  fakes.delayMs = 100
  const answers = await Promise.all(Array.from({ length: 500 }, () => cloud.call('greet', 'x')))
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(fakes.idTokens - minted, 1)
  t.equal(service.passed.length, 501)
})

t.test('a token is used until a minute before it expires', async (t) => {
  let aheadMs = 0
  const cloud = await PrivateCloud.start(t, { tokens: { now: () => Date.now() + aheadMs } })
  const { fakes, service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  fakes.lifetimeSeconds = 50
  let minted = fakes.idTokens
  for (let call = 0; call < 3; call++) await cloud.call('greet', 'x')
  t.equal(fakes.idTokens - minted, 3, 'one for each call, when none lasts a minute')
  fakes.lifetimeSeconds = 660
  minted = fakes.idTokens
  for (let call = 0; call < 3; call++) await cloud.call('greet', 'x')
  t.equal(fakes.idTokens - minted, 1)
  aheadMs = 540_000
  await cloud.call('greet', 'x')
  t.equal(fakes.idTokens - minted, 1, 'after nine of eleven minutes the same')
  aheadMs = 600_000
  await cloud.call('greet', 'x')
  t.equal(fakes.idTokens - minted, 2, 'after ten minutes another one')
})

t.test('tokens change between the attempts of an invocation, not within one', async (t) => {
  const cloud = await PrivateCloud.start(t, { config: { RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '100ms' } })
  const { fakes, service } = cloud
  fakes.lifetimeSeconds = 61
  service.grant(machineAccount)
  await cloud.register({})
  const ofHandler = (handler: string) => service.passed.filter(({ path }) => path === `/invoke/Greeter/${handler}`)

  const held = cloud.call('hold', 'rotation')
  const napping = await cloud.send('nap', 1500)
  await cloud.untilStatus(napping, 'suspended')
  t.same(await cloud.attach(napping), { status: 200, json: 'rested' })
  const [before, after, ...more] = ofHandler('nap').map(({ token }) => token)
  t.equal(more.length, 0)
  t.not(before, after, 'a suspended invocation goes on with a token of its own')

  // Meanwhile the registration is given to another account, and the old one may not call any more.
  service.grant(targetAccount)
  await cloud.register({ impersonate_service_account: targetAccount }, { force: true })
  service.revoke(machineAccount)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
  t.equal(claimsIn(service.passed.at(-1)?.token ?? '').email, targetAccount)
  gate('rotation').resolve('held')
  t.same(await held, { status: 200, json: 'held' })
  t.match(
    ofHandler('hold').map(({ token }) => claimsIn(token).email),
    [machineAccount],
    'one attempt, with the token it began with',
  )
})

t.test('a token that expires in the middle of an invocation ends nothing', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  fakes.lifetimeSeconds = 1
  const held = cloud.call('holdAndStep', 'expiry')
  const ofHandler = () => service.passed.filter(({ path }) => path.endsWith('/holdAndStep'))
  while (ofHandler().length === 0) await sleep(10)
  const token = ofHandler()[0]?.token ?? ''
  while (Date.now() / 1000 <= Number(claimsIn(token).exp)) await sleep(100)
  t.equal(
    (await request(service.origin, { 'x-serverless-authorization': `Bearer ${token}` })).status,
    401,
    'it is over',
  )
  gate('expiry').resolve('held')
  t.same(await held, { status: 200, json: 'held, then 3 steps' })
  t.equal(ofHandler().length, 1, 'on the stream that it was opened with')
})

/** Six seconds are a minute; nothing else in the server uses this clock. */
function fastClock(): () => number {
  const startedAt = Date.now()
  return () => startedAt + (Date.now() - startedAt) * 10
}

t.test(
  'Mint failing for 60 s while 200 invocations wait: none reaches the service unauthenticated, all complete after recovery',
  async (t) => {
    const cloud = await PrivateCloud.start(t, { tokens: { timeoutMs: 1000, now: fastClock() } })
    const { fakes, service } = cloud
    service.grant(machineAccount)
    await cloud.register({})
    const before = { requests: service.verdicts.length, connections: service.connections }
    const asked = fakes.seen.length
    const startedAt = performance.now()
    const fails = async (fault: Omit<Fault, 'path'>, untilMs: number, explained: RegExp) => {
      fakes.faults.splice(0, 1, { path: /identity/, ...fault })
      await sleep(startedAt + untilMs - performance.now())
      // What is shown is the last failure: on a slow machine for a while that of before.
      let waiting = ''
      while (!explained.test(waiting)) {
        waiting = JSON.stringify(await cloud.untilStatus(ids[7] ?? '', 'backing-off'))
        await sleep(20)
      }
      t.match(waiting, /RT0010/)
    }
    fakes.faults.push({ path: /identity/, status: 403, body: 'not now' })
    const ids = await Promise.all(Array.from({ length: 200 }, (_, index) => cloud.send('greet', `${index}`)))
    await fails({ status: 403, body: 'not now' }, 2000, /answered 403: not now/)
    await fails({ status: 404, body: 'no account' }, 4000, /answered 404: no account.*Attach a service account/)
    await fails({ hang: true }, 6000, /mint timed out after 1000 ms/)

    t.equal(service.verdicts.length, before.requests, 'no request')
    const failed = () => cloud.lines.filter((line) => line.includes('attempt failed')).length
    while (failed() < 1000) await sleep(20)
    t.equal(service.verdicts.length, before.requests, 'nor after 1,000 attempts')
    const mints = fakes.seen.length - asked
    // The last pauses are of five seconds, of which two are one of ours.
    const most = 6 + Math.ceil((performance.now() - startedAt) / 500)
    t.ok(mints >= 5 && mints <= most, `${mints} mints: a pace of their own`)

    fakes.faults.length = 0
    const results = await Promise.all(ids.map((id) => cloud.attach(id)))
    t.same(
      results.map(({ json }) => json),
      ids.map((_, index) => `Hello ${index}`),
    )
    const used = new Set(service.passed.slice(-200).map(({ token }) => token))
    t.equal(used.size, 1, 'one token for all')
    const after = service.verdicts.slice(before.requests)
    t.equal(after.length, 200)
    t.ok(after.every((verdict) => verdict === 'passed'))
  },
)

t.test('a token that is not accepted any more is replaced, and the invocation goes on', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  await cloud.call('greet', 'before')
  const old = service.passed.at(-1)?.token ?? ''
  service.distrusted.add(old)
  const minted = fakes.idTokens
  const answers = await Promise.all(Array.from({ length: 50 }, () => cloud.call('greet', 'Ada')))
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(fakes.idTokens - minted, 1, 'one mint, however many were refused')
  const tokens = new Set(service.passed.slice(2).map(({ token }) => token))
  t.equal(tokens.size, 1)
  t.notOk(tokens.has(old))
})

t.test('a wrong audience is no reason to mint again and again', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  await cloud.call('greet', 'before')
  const [audience = ''] = service.audiences.splice(0, 1, 'https://moved.example')
  const minted = fakes.idTokens
  const ids = await Promise.all(Array.from({ length: 50 }, (_, index) => cloud.send('greet', `${index}`)))
  const refusals = () => service.verdicts.filter((verdict) => verdict === '401 audience').length
  while (refusals() <= 150) await sleep(20)
  const waiting = await cloud.untilStatus(ids[7] ?? '', 'backing-off')
  t.match(JSON.stringify(waiting), /status code 401\. Cloud Run does not accept the ID token.*--gcp-audience/)
  t.equal(fakes.idTokens - minted, 1)
  service.audiences.push(audience)
  const results = await Promise.all(ids.map((id) => cloud.attach(id)))
  t.ok(results.every(({ status }) => status === 200))
  t.equal(fakes.idTokens - minted, 1)
})
