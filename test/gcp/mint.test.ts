import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { IdTokens } from '../../src/gcp/id-tokens.ts'
import { mintIdToken } from '../../src/gcp/mint-id-token.ts'
import {
  accountKey,
  credentialsEnv,
  externalFile,
  impersonatedFile,
  keyAccount,
  serviceAccountFile,
  targetAccount,
  userFile,
} from './credential-files.ts'
import { credentialKinds, idTokenOf, subjectTokenFile } from './credential-kinds.ts'
import { recordDials } from './dial-recorder.ts'
import { GoogleFakes } from './google-fakes.ts'
import { claimsIn, rsaKeyPair } from './jwt.ts'

const audience = 'https://svc-abc.a.run.app'
const ambient = { audience, impersonateServiceAccount: undefined }
const impersonating = { audience, impersonateServiceAccount: targetAccount }

for (const row of credentialKinds) {
  t.test(row.name, async (t) => {
    const fakes = await GoogleFakes.start(t)
    const dials = recordDials(t)
    fakes.accountKeys.set(keyAccount, accountKey)
    const options = { env: row.env(t, fakes), redirect: fakes.redirect }

    if (row.ambient === undefined) {
      await t.rejects(mintIdToken(ambient, options), {
        code: 'PERDURE_ERR_GCP_AMBIENT_UNSUPPORTED',
        message: /cannot mint an ID token by themselves.*--gcp-impersonate-service-account .+@.+ or give/,
      })
      t.same(fakes.seen, [])
      t.same(dials.hosts, [], 'refused before any traffic')
    } else {
      const { email } = row.ambient
      t.match(claimsIn(await mintIdToken(ambient, options)), { aud: audience, email, email_verified: true })
      t.same(fakes.trace, row.ambient.trace)
    }

    fakes.seen.length = 0
    t.match(claimsIn(await mintIdToken(impersonating, options)), { aud: audience, email: targetAccount })
    t.same(fakes.trace, [...row.impersonated, idTokenOf(targetAccount)])
    t.match(fakes.seen.at(-1)?.fields, { audience, includeEmail: true, delegates: [] })
    t.same(dials.foreign(), [], 'nobody but the fakes')
    t.ok(fakes.seen.every(({ headers }) => headers['user-agent'] === 'perdure'))
  })
}

t.test('what is asked for, exactly', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.accountKeys.set(keyAccount, accountKey)
  const { redirect } = fakes

  await t.test('a hostile audience stays one parameter', async (t) => {
    const hostile = 'https://x/?a=1&format=standard&audience=b%26#y'
    const auth = { audience: hostile, impersonateServiceAccount: undefined }
    t.equal(claimsIn(await mintIdToken(auth, { env: fakes.env })).aud, hostile)
    t.same(fakes.seen.at(-1)?.query, { audience: hostile, format: 'full' })
    t.equal(fakes.seen.at(-1)?.headers['metadata-flavor'], 'Google')
  })

  await t.test('an assertion for an ID token has no scope, one for an access token has', async (t) => {
    const env = credentialsEnv(t, serviceAccountFile())
    await mintIdToken(ambient, { env, redirect })
    const own = claimsIn(String(fakes.seen.at(-1)?.fields.assertion))
    t.match(own, { target_audience: audience, iss: keyAccount, aud: 'https://oauth2.googleapis.com/token' })
    t.notOk('scope' in own)
    await mintIdToken(impersonating, { env, redirect })
    t.match(claimsIn(String(fakes.seen.at(-2)?.fields.assertion)), {
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      target_audience: undefined,
    })
  })

  await t.test('the metadata server is asked for a scope with its access token', async (t) => {
    await mintIdToken(impersonating, { env: fakes.env, redirect })
    t.same(fakes.seen.at(-2)?.query, { scopes: 'https://www.googleapis.com/auth/cloud-platform' })
  })

  await t.test('delegates and the billing project of a file', async (t) => {
    // As gcloud writes them, and as the API has them.
    const others = ['first@proj.iam.gserviceaccount.com', `projects/-/serviceAccounts/${keyAccount}`]
    const delegates = ['first@proj.iam.gserviceaccount.com', keyAccount].map(
      (one) => `projects/-/serviceAccounts/${one}`,
    )
    const env = credentialsEnv(t, impersonatedFile(userFile(), targetAccount, { delegates: others }))
    await mintIdToken(ambient, { env, redirect })
    t.same(fakes.seen.at(-1)?.fields.delegates, delegates)
    t.equal(fakes.seen.at(-1)?.headers['x-goog-user-project'], 'billing-proj')
    const named = { ...env, GOOGLE_CLOUD_QUOTA_PROJECT: 'named-proj' }
    for (const more of [named, { ...named, ...credentialsEnv(t, userFile()) }]) {
      await mintIdToken(impersonating, { env: more, redirect })
      t.equal(fakes.seen.at(-1)?.headers['x-goog-user-project'], 'named-proj', 'that of the environment goes first')
    }
    await mintIdToken(impersonating, { env: { ...fakes.env, GOOGLE_CLOUD_QUOTA_PROJECT: 'named-proj' }, redirect })
    t.notOk(fakes.seen.at(-1)?.headers['x-goog-user-project'], 'the metadata server has its own')
  })
})

t.test('a subject token: as a line, or in a field of a document', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { redirect } = fakes
  const headers = { 'x-caller': 'perdure' }
  const json = { type: 'json', subject_token_field_name: 'the_token' }
  for (const [what, source] of [
    ['a file', { file: subjectTokenFile(t) }],
    ['a file with a line end', { file: subjectTokenFile(t, 'subject-token-of-elsewhere\n') }],
    ['a field of a file', { file: subjectTokenFile(t, '{"the_token":"subject-token-of-elsewhere"}'), format: json }],
    ['an answer', { url: 'https://elsewhere.example/subject', headers, format: { type: 'text' } }],
    ['a field of an answer', { url: 'https://elsewhere.example/subject.json', headers, format: json }],
  ] as const) {
    const env = credentialsEnv(t, externalFile(source))
    t.equal(claimsIn(await mintIdToken(impersonating, { env, redirect })).email, targetAccount, what)
  }
})

t.test('files of a mounted Kubernetes secret: replaced by a swap of links, then gone', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { redirect } = fakes
  fakes.accountKeys.set(keyAccount, accountKey)
  const mount = t.testdir({ '..1': { 'key.json': JSON.stringify(userFile()) }, '..2': {} })
  const path = join(mount, 'key.json')
  symlinkSync('..1', join(mount, '..data'))
  symlinkSync('..data/key.json', path)
  const env = { GOOGLE_APPLICATION_CREDENTIALS: path }
  await t.rejects(mintIdToken(ambient, { env, redirect }), { code: 'PERDURE_ERR_GCP_AMBIENT_UNSUPPORTED' })
  const whole = JSON.stringify(serviceAccountFile())
  const swapTo = (text: string) => {
    writeFileSync(join(mount, '..2/key.json'), text)
    symlinkSync('..2', join(mount, '..next'))
    renameSync(join(mount, '..next'), join(mount, '..data'))
  }
  swapTo(whole.slice(0, 500))
  const unusable = (message: RegExp) => ({ code: 'PERDURE_ERR_GCP_CREDENTIALS_UNUSABLE', message })
  await t.rejects(mintIdToken(ambient, { env, redirect }), unusable(/is not JSON/), 'half written')
  swapTo(whole)
  t.equal(claimsIn(await mintIdToken(ambient, { env, redirect })).email, keyAccount)
  unlinkSync(join(mount, '..data'))
  const seen = fakes.seen.length
  await t.rejects(mintIdToken(ambient, { env: { ...fakes.env, ...env }, redirect }), unusable(/which does not exist/))
  t.equal(fakes.seen.length, seen, 'no other credentials are taken in its place')
})

t.test('replaced files count from the next token on', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.accountKeys.set(keyAccount, accountKey)
  const { redirect } = fakes

  await t.test('another kind of credentials, by an atomic rename', async (t) => {
    const env = credentialsEnv(t, userFile())
    const path = env.GOOGLE_APPLICATION_CREDENTIALS
    const tokens = new IdTokens({ env, redirect })
    await t.rejects(tokens.forDiscovery(ambient), { code: 'PERDURE_ERR_GCP_AMBIENT_UNSUPPORTED' })
    writeFileSync(`${path}.new`, JSON.stringify(serviceAccountFile()))
    renameSync(`${path}.new`, path)
    t.equal(claimsIn(await tokens.forDiscovery(ambient)).email, keyAccount)
    tokens.close()
  })

  await t.test('a rotated key: the old one is refused by Google, the new one works', async (t) => {
    const env = credentialsEnv(t, serviceAccountFile())
    const rotated = rsaKeyPair('account-2')
    fakes.accountKeys.set(keyAccount, rotated)
    await t.rejects(mintIdToken(ambient, { env, redirect }), {
      code: 'PERDURE_ERR_GCP_MINT_FAILED',
      message: /OAuth token endpoint answered 400: invalid_grant, Invalid JWT Signature\. .*replace the file/,
    })
    const replaced = JSON.stringify(serviceAccountFile({ private_key: rotated.pem }))
    writeFileSync(env.GOOGLE_APPLICATION_CREDENTIALS, replaced)
    t.equal(claimsIn(await mintIdToken(ambient, { env, redirect })).email, keyAccount)
  })

  await t.test('a rotated subject token', async (t) => {
    const file = subjectTokenFile(t, 'expired')
    const env = credentialsEnv(t, externalFile({ file }))
    await t.rejects(mintIdToken(impersonating, { env, redirect }), {
      message: /Security Token Service answered 400: invalid_grant, The subject token is not accepted/,
    })
    writeFileSync(join(dirname(file), 'new'), 'subject-token-of-elsewhere')
    renameSync(join(dirname(file), 'new'), file)
    t.equal(claimsIn(await mintIdToken(impersonating, { env, redirect })).email, targetAccount)
  })
})
