import t from 'tap'
import { says } from '../admin/cli-output.ts'
import { ensurePeer, runCli } from '../peer/peer.ts'
import { targetAccount } from './credential-files.ts'
import { machineAccount } from './google-fakes.ts'
import { PrivateCloud } from './private-cloud.ts'

/** Each way in which the official CLI registers a private service; texts as it printed them for the official server. */

// The first run installs the CLI.
t.setTimeout(600_000)
await ensurePeer()

const cloud = await PrivateCloud.start(t)
const { fakes, service } = cloud
const { origin } = service
const customAudience = 'https://aud.example.com'
service.grant(machineAccount)
service.grant(targetAccount)
service.audiences.push(customAudience)

const cli = (...args: string[]) => runCli(args, { RESTATE_ADMIN_URL: cloud.admin })
const register = (...flags: string[]) => cli('deployments', 'register', origin, ...flags, '--yes')

t.test('flags, and what is registered', async (t) => {
  const impersonation = ['--gcp-impersonate-service-account', targetAccount]
  const audience = ['--gcp-audience', customAudience]
  const rows: [string[], object, string][] = [
    [['--gcp-id-token'], { audience: origin }, '(ambient ADC)'],
    [impersonation, { audience: origin, impersonate_service_account: targetAccount }, targetAccount],
    [audience, { audience: customAudience }, '(ambient ADC)'],
    [
      ['--gcp-id-token', ...impersonation, ...audience],
      { audience: customAudience, impersonate_service_account: targetAccount },
      targetAccount,
    ],
  ]
  for (const [flags, auth, impersonated] of rows) {
    const minted = fakes.idTokens
    const result = await register(...flags, '--force')
    says(t, result, 0, 'stdout', ['Deployment ID: dp_1', 'SERVICE REV', 'Greeter'])
    t.equal(fakes.idTokens - minted, 2, 'a token for the dry run, and one for the registration')
    const { id, auth: shown } = await cloud.deployment()
    t.strictSame(shown, { GoogleIdToken: auth })
    says(t, await cli('deployments', 'describe', String(id)), 0, 'stdout', [
      'Authentication: Google OIDC ID token',
      `Impersonation: ${impersonated}`,
      `Audience: ${'audience' in auth ? auth.audience : ''}`,
    ])
  }
  says(t, await cli('services', 'describe', 'Greeter'), 0, 'stdout', ['Authentication: Google OIDC ID token'])
  t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
})

t.test('with all that a registration can have', async (t) => {
  const more = ['--extra-header', 'Authorization=Bearer of-the-app', '--metadata', 'k=v', '--breaking', '--force']
  const result = await register('--gcp-id-token', '--gcp-audience', customAudience, ...more)
  says(t, result, 0, 'stdout', ['Deployment ID: dp_1'])
  t.match(await cloud.deployment(), {
    additional_headers: { authorization: '***' },
    metadata: { k: 'v' },
    auth: { GoogleIdToken: { audience: customAudience } },
  })
  await cloud.call('greet', 'Ada')
  t.equal(service.forwarded.at(-1)?.authorization, 'Bearer of-the-app')
})

t.test('unforced, nothing changes', async (t) => {
  const before = await cloud.deployment()
  const result = await register('--gcp-audience', 'https://other')
  says(t, result, 0, 'stdout', [`Deployment already exists with id ${before.id} No changes will be made.`])
  t.strictSame(await cloud.deployment(), before)
})

t.test('a removal that the service refuses, and one that works', async (t) => {
  const before = await cloud.deployment()
  const refused = await register('--force')
  says(t, refused, 1, 'stderr', [
    'Error: META0003 [META0003] ',
    'status 403. The service is private, and the deployment is registered without authentication',
    'Http status code 500',
  ])
  t.strictSame(await cloud.deployment(), before)
  service.allowUnauthenticated = true
  says(t, await register('--force'), 0, 'stdout', ['Deployment ID: dp_1'])
  t.notOk('auth' in (await cloud.deployment()))
  service.allowUnauthenticated = false
})

t.test('what is refused', async (t) => {
  const plain = await cli('deployments', 'register', 'http://example.com:8080', '--gcp-id-token', '--yes')
  says(t, plain, 1, 'stderr', [
    "The request field 'auth' is invalid. Reason: GCP authentication requires an https URI for non-loopback/private " +
      'hosts; got http://example.com:8080',
    'Http status code 400',
  ])
  const header = await register('--gcp-audience', 'x', '--extra-header', 'X-Serverless-Authorization=abc')
  says(t, header, 1, 'stderr', [
    "The request field 'additional_headers' is invalid. Reason: X-Serverless-Authorization in additional_headers is not allowed",
  ])
  const empty = await register('--gcp-audience', '', '--force')
  says(t, empty, 1, 'stderr', ["The request field 'auth.audience' is invalid."])
  const account = await register('--gcp-impersonate-service-account', 'x@y/../../z:generateAccessToken?', '--force')
  says(t, account, 1, 'stderr', ["The request field 'auth.impersonate_service_account' is invalid."])
  fakes.denied.add(targetAccount)
  const denied = await register('--gcp-impersonate-service-account', targetAccount, '--force')
  says(t, denied, 1, 'stderr', ['META0003', 'roles/iam.serviceAccountOpenIdTokenCreator'])
})
