import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RequestIdentity } from '../../src/invoker/request-identity.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { machineAccount } from './google-fakes.ts'
import { PrivateCloud } from './private-cloud.ts'
import { request } from './request.ts'
import { startSdkService } from './sdk-service.ts'

t.test('attack 41: a forged or an old request identity is refused by the service', async (t) => {
  const file = join(shortDirectory(t), 'identity.pem')
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  const signedAt = (now: number) => new RequestIdentity({ file, expirationMs: 60_000, now: () => now })
  const { publicKey, sign } = signedAt(Date.now())
  const container = await startSdkService(t, 'h2c', [publicKey])
  const status = async (token: string | undefined, scheme = 'v1') => {
    const headers = {
      accept: 'application/vnd.restate.endpointmanifest.v4+json',
      'x-restate-signature-scheme': scheme,
      ...(token === undefined ? {} : { 'x-restate-jwt-v1': token }),
    }
    return (await request(container, headers)).status
  }
  const tokenOf = (headers: ReturnType<typeof sign>) => headers.find(([name]) => name === 'x-restate-jwt-v1')?.[1] ?? ''
  const good = tokenOf(sign('/discover', undefined))
  const [header = '', payload = '', signature = ''] = good.split('.')
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head: object = JSON.parse(Buffer.from(header, 'base64url').toString())
  const hs256 = `${part({ ...head, alg: 'HS256' })}.${payload}`
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  t.equal(await status(good), 200)
  for (const [what, token, scheme] of [
    ['no token', undefined],
    ['alg none', `${part({ ...head, alg: 'none' })}.${payload}.`],
    ['HS256 by the public key', `${hs256}.${createHmac('sha256', raw).update(hs256).digest('base64url')}`],
    ['the same, in text form', `${hs256}.${createHmac('sha256', publicKey).update(hs256).digest('base64url')}`],
    ['changed claims', `${header}.${part({ aud: '/discover', exp: 4e9, nbf: 0, iat: 0 })}.${signature}`],
    ['for another path', tokenOf(sign('/invoke/Greeter/greet', undefined))],
    ['replayed after a minute', tokenOf(signedAt(Date.now() - 61_000).sign('/discover', undefined))],
    ['from the future', tokenOf(signedAt(Date.now() + 120_000).sign('/discover', undefined))],
    ['said to be unsigned', good, 'unsigned'],
  ] as const) {
    t.equal(await status(token, scheme), 401, what)
  }
})

t.test('attack 42: without a token zero bytes reach the service', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  service.grant(machineAccount)
  fakes.faults.push({ path: /identity/, status: 403, body: 'not now' })
  t.match(await cloud.register({}), { status: 500, json: { restate_code: 'META0003', message: /not now/ } })
  t.equal(service.connections, 0, 'discovery has not even connected')

  fakes.faults.length = 0
  await cloud.register({})
  // Another server, which has no connection and no token yet.
  await cloud.restart()
  const { connections } = service
  fakes.faults.push({ path: /identity/, status: 403, body: 'not now' })
  const id = await cloud.send('greet', 'Ada')
  for (let time = 0; time < 3; time++) {
    const waiting = await cloud.untilStatus(id, 'backing-off')
    t.match(JSON.stringify(waiting), /RT0010.*not now/)
    await sleep(200)
  }
  t.equal(service.connections, connections, 'nor have invocations')
  t.same(service.verdicts, ['passed'])
  fakes.faults.length = 0
  t.same(await cloud.attach(id), { status: 200, json: 'Hello Ada' })
})

t.test('attack 43: hostile audiences and accounts: refused at registration, or one value on the wire', async (t) => {
  const cloud = await PrivateCloud.start(t)
  const { fakes, service } = cloud
  service.grant(machineAccount)
  const refused = {
    status: 400,
    json: { restate_code: null, message: /^The request field 'auth\.[a-z_]+' is invalid/ },
  }
  for (const auth of [
    { audience: 'https://a\r\nx-forged: 1' },
    { audience: 'https://a\u0000' },
    { audience: 'a'.repeat(2049) },
    { impersonate_service_account: 'a@p.iam.gserviceaccount.com/../../b:generateAccessToken?' },
    { impersonate_service_account: 'a@p.iam.gserviceaccount.com?x' },
    { impersonate_service_account: '../a@p.iam.gserviceaccount.com' },
    { impersonate_service_account: 'a%2f@p.iam.gserviceaccount.com' },
    { impersonate_service_account: 'a@evil.example' },
  ]) {
    t.match(await cloud.register(auth), refused, JSON.stringify(auth).slice(0, 80))
  }
  const header = { additional_headers: { 'x-Serverless-Authorization': 'Bearer forged' } }
  for (const attack of [cloud.register({}, header), cloud.register(undefined, header)]) {
    t.match(await attack, {
      status: 400,
      json: { message: /'additional_headers' is invalid.*X-Serverless-Authorization/ },
    })
  }
  t.same(fakes.seen, [], 'nobody was asked for a token')
  t.same(service.verdicts, [], 'nor for services')

  const hostile = 'https://x/?a=1&format=standard&audience=b%26#y'
  service.audiences.push(hostile)
  t.equal((await cloud.register({ audience: hostile })).status, 201)
  t.same(fakes.seen.find(({ path }) => path.endsWith('/identity'))?.query, { audience: hostile, format: 'full' })
  t.match(await cloud.patch(header), { status: 400 }, 'headers alone')
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
})
