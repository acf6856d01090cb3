import t from 'tap'
import { CloudRun } from './cloud-run.ts'
import { machineAccount } from './google-fakes.ts'
import { claimsIn } from './jwt.ts'
import { PrivateCloud } from './private-cloud.ts'
import { startSdkService } from './sdk-service.ts'

t.setTimeout(180_000)

t.test('attack 44: in 10,000 calls of two services by one account no token of one is sent to the other', async (t) => {
  const cloud = await PrivateCloud.start(t, { config: { RESTATE_LOG_FILTER: 'warn' } })
  const { fakes, service } = cloud
  const second = await CloudRun.start(t, {
    container: await startSdkService(t, 'h2c', [], 'Other'),
    jwksUrl: fakes.jwksUrl,
  })
  for (const each of [service, second]) each.grant(machineAccount)
  await cloud.register({})
  await cloud.ask('POST', `${cloud.admin}/deployments`, { uri: second.origin, auth: { GoogleIdToken: {} } })
  const names = ['Greeter', 'Other']
  let calls = 0
  const caller = async () => {
    while (calls < 10_000) {
      const { status } = await cloud.call('greet', 'x', names[calls++ % 2])
      if (status !== 200) t.fail(`status ${status}`)
    }
  }
  await Promise.all(Array.from({ length: 100 }, caller))
  for (const each of [service, second]) {
    t.equal(each.verdicts.length, 5001)
    t.ok(each.verdicts.every((verdict) => verdict === 'passed'))
    t.ok(each.passed.every(({ token }) => claimsIn(token).aud === each.origin))
  }
  t.equal(fakes.idTokens, 4, 'one for each discovery, one for each service')
})
