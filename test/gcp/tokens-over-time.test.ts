import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { targetAccount } from './credential-files.ts'
import { machineAccount } from './google-fakes.ts'
import { claimsIn } from './jwt.ts'
import { PrivateCloud } from './private-cloud.ts'
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
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  fakes.lifetimeSeconds = 50
  let minted = fakes.idTokens
  for (let call = 0; call < 3; call++) await cloud.call('greet', 'x')
  t.equal(fakes.idTokens - minted, 3, 'one for each call, when none lasts a minute')
  fakes.lifetimeSeconds = 63
  minted = fakes.idTokens
  for (let call = 0; call < 3; call++) await cloud.call('greet', 'x')
  t.equal(fakes.idTokens - minted, 1)
  await sleep(3100)
  await cloud.call('greet', 'x')
  t.equal(fakes.idTokens - minted, 2, 'after three seconds another one')
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

t.test('tokens fail while 200 invocations wait: none goes out without, all complete afterwards', async (t) => {
  const cloud = await PrivateCloud.start(t, { tokens: { timeoutMs: 300 } })
  const { fakes, service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  const requests = service.verdicts.length
  const minted = fakes.idTokens

  fakes.faults.push({ path: /identity/, status: 403, body: 'not now' })
  const ids = await Promise.all(Array.from({ length: 200 }, (_, index) => cloud.send('greet', `${index}`)))
  await sleep(1500)
  t.match(await cloud.untilStatus(ids[0] ?? '', 'backing-off'), { id: ids[0] })
  t.match(JSON.stringify(await cloud.untilStatus(ids[7] ?? '', 'backing-off')), /RT0010.*answered 403: not now/)
  fakes.faults.splice(0, 1, { path: /identity/, hang: true })
  await sleep(1500)
  t.match(JSON.stringify(await cloud.invocation(ids[8] ?? '')), /mint timed out after 300 ms/)
  t.equal(service.verdicts.length, requests, 'nothing has reached the service')
  const failed = cloud.lines.filter((line) => line.includes('attempt failed')).length
  t.ok(failed >= 400, `${failed} attempts without a token`)
  t.ok(fakes.seen.length < failed / 2, `${fakes.seen.length} requests to the metadata server: those who wait share`)

  fakes.faults.length = 0
  const results = await Promise.all(ids.map((id) => cloud.attach(id)))
  t.same(
    results.map(({ json }) => json),
    ids.map((_, index) => `Hello ${index}`),
  )
  t.equal(fakes.idTokens - minted, 1)
  const after = service.verdicts.slice(requests)
  t.equal(after.length, 200)
  t.ok(after.every((verdict) => verdict === 'passed'))
})
