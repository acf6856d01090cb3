import t from 'tap'
import { credentialsEnv, serviceAccountFile, targetAccount, userFile } from './credential-files.ts'
import { machineAccount } from './google-fakes.ts'
import { PrivateCloud } from './private-cloud.ts'

t.test('mints, their sources and durations, and what the cache saves', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  const value = async (name: string, labels: readonly string[] = []) => {
    const text = await (await fetch(`${cloud.fabric}/metrics`)).text()
    const line = text
      .split('\n')
      .find((one) => one.startsWith(`perdure_${name}{`) && labels.every((label) => one.includes(label)))
    return line === undefined ? undefined : Number(line.split(' ').at(-1))
  }
  const mints = (result: string, source: string) =>
    value('id_token_mints_total', [`result="${result}"`, `source="${source}"`])
  const requests = (outcome: string) => value('id_token_requests_total', [`outcome="${outcome}"`])

  t.equal(await mints('minted', 'metadata-server'), undefined, 'none yet')
  t.equal(await value('id_token_mint_seconds_count'), 0)
  service.grant(machineAccount)
  service.grant(targetAccount)
  fakes.delayMs = 30
  await cloud.register({})
  const { promise, resolve } = Promise.withResolvers<void>()
  fakes.held = promise
  const calls = Array.from({ length: 20 }, () => cloud.call('greet', 'x'))
  while ((await requests('shared')) !== 19) await new Promise((again) => setTimeout(again, 20))
  fakes.held = undefined
  resolve()
  await Promise.all(calls)
  for (let call = 0; call < 5; call++) await cloud.call('greet', 'x')
  t.equal(await mints('minted', 'metadata-server'), 2, 'one for discovery, one for all calls')
  t.equal(await value('id_token_mint_seconds_count'), 2)
  t.equal(await value('id_token_mint_seconds_bucket', ['le="0.025"']), 0)
  t.equal(await value('id_token_mint_seconds_bucket', ['le="+Inf"']), 2)
  t.equal(await requests('minted'), 1)
  t.equal(await requests('shared'), 19)
  t.equal(await requests('cached'), 5)
  t.equal(await value('id_tokens_cached'), 1)

  cloud.use(credentialsEnv(t, serviceAccountFile()))
  await cloud.patch({ auth: { GoogleIdToken: { impersonate_service_account: targetAccount } } })
  t.equal(await mints('minted', 'service-account-key'), 1)
  cloud.use(credentialsEnv(t, userFile()))
  await cloud.patch({ auth: { GoogleIdToken: { audience: 'https://x' } } })
  t.equal(await mints('unsupported', 'user'), 1)

  cloud.use(fakes.env)
  fakes.faults.push({ path: /token/, status: 403 })
  const id = await cloud.send('greet', 'x')
  await cloud.untilStatus(id, 'backing-off')
  t.ok(((await mints('failed', 'metadata-server')) ?? 0) >= 1)
  while (((await requests('paced')) ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  fakes.faults.length = 0
  t.same(await cloud.attach(id), { status: 200, json: 'Hello x' })

  t.equal(await value('id_tokens_refused_total'), 0)
  service.distrusted.add(service.passed.at(-1)?.token ?? '')
  await cloud.call('greet', 'x')
  t.equal(await value('id_tokens_refused_total'), 1)
})
