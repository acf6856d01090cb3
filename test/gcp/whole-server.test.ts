import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { shortDirectory } from '../harness/short-directory.ts'
import { CloudRun } from './cloud-run.ts'
import { credentialsEnv, keyAccount, serviceAccountFile, targetAccount, userFile } from './credential-files.ts'
import { credentialKinds } from './credential-kinds.ts'
import { recordDials } from './dial-recorder.ts'
import { machineAccount } from './google-fakes.ts'
import { claimsIn } from './jwt.ts'
import { PrivateCloud } from './private-cloud.ts'
import { startSdkService } from './sdk-service.ts'

/** The whole server against Cloud Run and Google as the emulators have them. */

t.test('each kind of credentials: discovery and two-way invocation, or what to do instead', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  let audiences = 0
  for (const kind of credentialKinds) {
    for (const account of [undefined, targetAccount]) {
      await t.test(`${kind.name}, ${account === undefined ? 'ambient' : 'impersonating'}`, async (t) => {
        cloud.use(kind.env(t, fakes))
        const identity = account ?? kind.ambient?.email
        if (identity !== undefined) service.grant(identity)
        // Of its own, so that no token of another row will do.
        const audience = `https://row-${audiences++}.example`
        service.audiences.push(audience)
        const requests = service.verdicts.length
        const asked = fakes.seen.length
        const auth = { audience, ...(account === undefined ? {} : { impersonate_service_account: account }) }
        const registered = await cloud.register(auth, { force: true })
        if (identity === undefined) {
          t.match(registered, {
            status: 500,
            json: {
              restate_code: 'META0003',
              message: /cannot mint an ID token by themselves.*--gcp-impersonate-service-account/,
            },
          })
          t.equal(fakes.seen.length, asked, 'no traffic')
          t.equal(service.verdicts.length, requests)
          return
        }
        t.ok(registered.status < 300, JSON.stringify(registered.json))
        t.match(await cloud.deployment(), { auth: { GoogleIdToken: auth } })
        t.same(await cloud.call('greet', kind.name), { status: 200, json: `Hello ${kind.name}` })
        t.same(await cloud.call('steps', 20), { status: 200, json: 210 })
        const [discovery, first, second, ...more] = service.passed.slice(requests - service.verdicts.length)
        t.match(
          [discovery?.path, first?.path, second?.path, ...more],
          ['/discover', '/invoke/Greeter/greet', '/invoke/Greeter/steps'],
        )
        for (const each of [discovery, first, second]) {
          t.match(claimsIn(each?.token ?? ''), { aud: audience, email: identity })
          t.equal(each?.names.at(-1), 'x-serverless-authorization')
        }
        t.not(discovery?.token, first?.token, 'discovery has a token of its own')
        t.equal(first?.token, second?.token, 'invocations share')
      })
    }
  }
})

t.test('nothing is read and nobody is asked before the first deployment with authentication', async (t) => {
  const dials = recordDials(t)
  const cloud = await PrivateCloud.start(t)
  cloud.service.allowUnauthenticated = true
  t.equal((await cloud.register()).status, 201)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
  t.same(cloud.fakes.seen, [])
  t.same(dials.foreign(), [])
  t.equal(cloud.service.passed.at(-1)?.names.includes('x-serverless-authorization'), false)
})

for (const forward of ['strip', 'redact'] as const) {
  t.test(`the service keeps Authorization for itself; the front end ${forward}s what it checked`, async (t) => {
    const cloud = await PrivateCloud.start(t)
    const { service } = cloud
    service.forward = forward
    service.grant(machineAccount)
    await cloud.register({}, { additional_headers: { Authorization: 'Bearer of-the-app' } })
    t.equal((await cloud.call('greet', 'Ada')).status, 200)
    t.equal(service.forwarded.length, 2)
    for (const { authorization } of service.forwarded) t.equal(authorization, 'Bearer of-the-app')
  })
}

t.test('a service that also checks request identity', async (t) => {
  const { generateKeyPairSync } = await import('node:crypto')
  const { RequestIdentity } = await import('../../src/invoker/request-identity.ts')
  const file = join(shortDirectory(t), 'identity.pem')
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  const { publicKey } = new RequestIdentity({ file, expirationMs: 60_000, now: Date.now })
  const cloud = await PrivateCloud.start(t, {
    identityKeys: [publicKey],
    config: { RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: file },
  })
  cloud.service.grant(machineAccount)
  t.equal((await cloud.register({})).status, 201)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })

  const stranger = await PrivateCloud.start(t, { identityKeys: [publicKey] })
  stranger.service.grant(machineAccount)
  t.match(await stranger.register({}), {
    status: 500,
    json: { message: /status 401\. It refuses the server: if the service checks request identity/ },
  })
})

t.test('behind a custom domain the audience is that of the service', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { service } = cloud
  service.grant(machineAccount)
  service.audiences.splice(0, 1, 'https://greeter-abc123.a.run.app')
  t.match(await cloud.register({}), {
    status: 500,
    json: { restate_code: 'META0003', message: /status 401\. .*audience is wrong.*--gcp-audience/ },
  })
  t.equal((await cloud.register({ audience: 'https://greeter-abc123.a.run.app' })).status, 201)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })

  service.audiences.push('https://greeter.example.com')
  t.equal((await cloud.patch({ auth: { GoogleIdToken: { audience: 'https://greeter.example.com' } } })).status, 200)
  t.same(await cloud.call('greet', 'Eve'), { status: 200, json: 'Hello Eve' })
  t.equal(claimsIn(service.passed.at(-1)?.token ?? '').aud, 'https://greeter.example.com')
})

t.test('rotation and removal: what the front end refuses leaves the registration as it was', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { service } = cloud
  cloud.env.GOOGLE_APPLICATION_CREDENTIALS = credentialsEnv(t, userFile()).GOOGLE_APPLICATION_CREDENTIALS
  service.grant(targetAccount)
  const mine = { impersonate_service_account: targetAccount }
  const shown = { GoogleIdToken: { audience: service.origin, ...mine } }
  t.equal((await cloud.register(mine)).status, 201)
  const before = await cloud.deployment()
  t.match(before, { auth: shown })

  const other = 'other@proj.iam.gserviceaccount.com'
  for (const [what, change] of [
    ['removal', () => cloud.register(undefined, { force: true })],
    ['rotation', () => cloud.register({ impersonate_service_account: other }, { force: true })],
    ['removal by an update', () => cloud.patch({ auth: null })],
    ['rotation by an update', () => cloud.patch({ auth: { GoogleIdToken: { impersonate_service_account: other } } })],
  ] as const) {
    t.match(await change(), { status: 500, json: { restate_code: 'META0003', message: /status 403/ } }, what)
    t.strictSame(await cloud.deployment(), before, what)
  }
  t.match(await cloud.register(undefined), { status: 200 }, 'unforced')
  t.strictSame(await cloud.deployment(), before)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' }, 'still in use')

  service.grant(other)
  t.match(await cloud.patch({ auth: { GoogleIdToken: { impersonate_service_account: other } } }), {
    status: 200,
    json: { services: [{ revision: 1 }], auth: { GoogleIdToken: { impersonate_service_account: other } } },
  })
  t.same(await cloud.call('greet', 'Eve'), { status: 200, json: 'Hello Eve' })
  t.equal(claimsIn(service.passed.at(-1)?.token ?? '').email, other)

  service.allowUnauthenticated = true
  t.equal((await cloud.patch({ auth: null })).status, 200)
  t.notOk('auth' in (await cloud.deployment()))
  t.same(await cloud.call('greet', 'Joe'), { status: 200, json: 'Hello Joe' })
  t.equal(service.passed.at(-1)?.token, '')
})

t.test('a registration survives a restart of everything that keeps it', async (t) => {
  const cloud = await PrivateCloud.start(t)
  cloud.service.grant(targetAccount)
  await cloud.register({ audience: cloud.service.origin, impersonate_service_account: targetAccount })
  const before = await cloud.deployment()
  await cloud.restart()
  t.strictSame(await cloud.deployment(), before)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
})

t.test('refusals at an invocation are explained where the operator looks', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { service } = cloud
  service.grant(machineAccount)
  await cloud.register({})
  const explained = async (restateCode: string, meaning: RegExp, recover: () => void) => {
    const id = await cloud.send('greet', 'Ada')
    const waiting = JSON.stringify(await cloud.untilStatus(id, 'backing-off'))
    t.match(waiting, meaning)
    t.match(waiting, restateCode)
    recover()
    t.same(await cloud.attach(id), { status: 200, json: 'Hello Ada' })
  }
  service.revoke(machineAccount)
  await explained('RT0012', /status code 403\. The token is good.*roles\/run\.invoker/, () =>
    service.grant(machineAccount),
  )

  const [audience = ''] = service.audiences.splice(0, 1, 'https://elsewhere')
  await explained('RT0012', /status code 401\. .*audience is wrong.*--gcp-audience/, () =>
    service.audiences.push(audience),
  )

  service.http2 = false
  await explained(
    'RT0023',
    /503\)\. The front end and the container do not speak the same protocol.*--use-http2/,
    () => {
      service.http2 = true
    },
  )

  const fault = (status: number, text: string) => {
    service.faults.splice(0, 1, { status, text, times: 1000 })
    return () => void service.faults.splice(0, 1)
  }
  await explained('RT0023', /429\)\. Cloud Run has no instance free/, fault(429, 'Rate exceeded.'))
  await explained(
    'RT0023',
    /503\)\. The container did not start/,
    fault(503, 'The service you requested is not available.'),
  )
})

t.test('a container that does not speak HTTP/2', async (t) => {
  const cloud = await PrivateCloud.start(t)
  cloud.service.grant(machineAccount)
  cloud.service.http2 = false
  t.match(await cloud.register({}), {
    status: 500,
    json: { restate_code: 'META0003', message: /status 503\. The front end and the container.*--use-http2/ },
  })

  const http1 = await PrivateCloud.start(t, { protocol: 'http/1.1' })
  http1.service.grant(machineAccount)
  http1.service.http2 = false
  t.equal((await http1.register({})).status, 201, 'request/response does without')
  t.same(await http1.call('steps', 5), { status: 200, json: 15 })
})

t.test('a replaced credential file counts without a restart', async (t) => {
  const cloud = await PrivateCloud.start(t, { tokens: { maxTokens: 1 } })
  const env = credentialsEnv(t, userFile())
  const path = env.GOOGLE_APPLICATION_CREDENTIALS
  cloud.use(env)
  cloud.service.grant('keyed@proj.iam.gserviceaccount.com')
  t.match(await cloud.register({}), { status: 500, json: { message: /user credentials/ } })
  writeFileSync(`${path}.new`, JSON.stringify(serviceAccountFile()))
  renameSync(`${path}.new`, path)
  t.equal((await cloud.register({})).status, 201)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
})

t.test('cached tokens of credentials that were replaced are no longer used once that matters', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { service } = cloud
  const caller = () => claimsIn(service.passed.at(-1)?.token ?? '').email
  service.grant(machineAccount)
  await cloud.register({})
  await cloud.call('greet', 'Ada')
  t.equal(caller(), machineAccount)

  cloud.use(credentialsEnv(t, serviceAccountFile()))
  service.grant(keyAccount)
  await cloud.call('greet', 'Ada')
  t.equal(caller(), machineAccount, 'it is as good as ever')
  service.revoke(machineAccount)
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' }, 'the front end says 403 once')
  t.equal(caller(), keyAccount)
  t.match(service.verdicts.slice(-2), ['403 no invoker', 'passed'])

  cloud.use(cloud.fakes.env)
  service.grant(machineAccount)
  t.equal((await cloud.register({}, { force: true })).status, 200)
  t.equal(caller(), machineAccount)
  service.revoke(keyAccount)
  const refusals = service.verdicts.filter((verdict) => verdict !== 'passed').length
  t.same(await cloud.call('greet', 'Eve'), { status: 200, json: 'Hello Eve' })
  t.equal(caller(), machineAccount, 'a registration has shown that the identity is another one')
  t.equal(service.verdicts.filter((verdict) => verdict !== 'passed').length, refusals)
})

t.test('a deployment that changes while a token for it is minted: each token goes where it is for', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  const second = await CloudRun.start(t, { container: await startSdkService(t), jwksUrl: fakes.jwksUrl })
  for (const each of [service, second]) each.grant(machineAccount)
  await cloud.register({})
  await cloud.restart()
  const answering = Promise.withResolvers<void>()
  fakes.held = answering.promise
  const waiting = await Promise.all(Array.from({ length: 20 }, () => cloud.send('greet', 'Ada')))
  while (fakes.seen.filter(({ path }) => path.endsWith('/identity')).length < 2) await sleep(10)
  t.equal(fakes.idTokens, 1, 'the mint for them has not ended')
  fakes.held = undefined
  const moved = await cloud.patch({ uri: second.origin, auth: { GoogleIdToken: {} } })
  t.match(moved, { status: 200, json: { auth: { GoogleIdToken: { audience: second.origin } } } })
  answering.resolve()
  for (const id of waiting) t.same(await cloud.attach(id), { status: 200, json: 'Hello Ada' })
  t.same(await cloud.call('greet', 'Eve'), { status: 200, json: 'Hello Eve' })
  t.match(second.passed.at(-1), { path: '/invoke/Greeter/greet' })
  for (const each of [service, second]) {
    t.ok(each.verdicts.every((verdict) => verdict === 'passed'))
    t.ok(each.passed.every(({ token }) => claimsIn(token).aud === each.origin))
  }
})
