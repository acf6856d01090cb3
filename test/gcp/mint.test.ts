import { renameSync, writeFileSync } from 'node:fs'
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
    const delegates = [`projects/-/serviceAccounts/${keyAccount}`]
    const env = credentialsEnv(t, impersonatedFile(userFile(), targetAccount, { delegates }))
    await mintIdToken(ambient, { env, redirect })
    t.same(fakes.seen.at(-1)?.fields.delegates, delegates)
    t.equal(fakes.seen.at(-1)?.headers['x-goog-user-project'], 'billing-proj')
  })
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
