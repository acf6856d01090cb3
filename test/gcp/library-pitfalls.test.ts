import { execFile } from 'node:child_process'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  Compute,
  GoogleAuth,
  gaxios,
  gcpMetadata,
  IdentityPoolClient,
  IdTokenClient,
  Impersonated,
  JWT,
  OAuth2Client,
  UserRefreshClient,
} from 'google-auth-library'
import t, { type Test } from 'tap'
import {
  accountKey,
  credentialsEnv,
  externalFile,
  keyAccount,
  serviceAccountFile,
  userFile,
} from './credential-files.ts'
import { recordDials } from './dial-recorder.ts'
import { GoogleFakes } from './google-fakes.ts'
import { claimsIn } from './jwt.ts'

/*
 * What google-auth-library does by itself, and why this server does not let it. If one of these fails after an update
 * of the library, the code that works around it can go.
 */

const audience = 'https://svc-abc.a.run.app'
const scope = 'https://www.googleapis.com/auth/cloud-platform'

/** The library's own transport, sent to the fakes. */
function transporterTo(fakes: GoogleFakes): gaxios.Gaxios {
  return new gaxios.Gaxios({ adapter: (request, send) => send({ ...request, url: fakes.redirect(request.url) }) })
}

function setVariables(t: Test, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name]
    process.env[name] = value
    t.teardown(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
  }
}

/** As on a machine without Google Cloud: the library warns about what it does not find. */
function silenced(t: Test): string[] {
  const warnings: string[] = []
  const { warn } = console
  console.warn = (text: string) => warnings.push(text)
  t.teardown(() => {
    console.warn = warn
  })
  return warnings
}

t.test('looking for credentials runs gcloud, to find a project that nobody asked for', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const directory = t.testdir()
  writeFileSync(join(directory, 'gcloud'), `#!/bin/sh\necho ran > ${directory}/ran\necho '{}'\n`)
  chmodSync(join(directory, 'gcloud'), 0o755)
  silenced(t)
  setVariables(t, { ...fakes.env, ...credentialsEnv(t, userFile()), PATH: `${directory}:/usr/bin:/bin` })
  await new GoogleAuth().getClient().catch(() => undefined)
  t.ok(existsSync(join(directory, 'ran')), 'a program was run')
  t.ok(
    fakes.seen.some(({ host }) => host === 'metadata'),
    'and the metadata server asked',
  )
})

t.test('a metadata server that comes later is never found', async (t) => {
  setVariables(t, { GCE_METADATA_HOST: '127.0.0.1:1' })
  gcpMetadata.resetIsAvailableCache()
  t.equal(await gcpMetadata.isAvailable(), false)
  const fakes = await GoogleFakes.start(t)
  setVariables(t, fakes.env)
  t.equal(await gcpMetadata.isAvailable(), false)
  t.same(fakes.seen, [])
  gcpMetadata.resetIsAvailableCache()
})

t.test('requests to the metadata server', async (t) => {
  const fakes = await GoogleFakes.start(t)
  setVariables(t, fakes.env)

  await t.test('carry the audience as it is', async (t) => {
    await new Compute().fetchIdToken('https://x/?a=1&format=standard')
    t.equal(new URLSearchParams(fakes.seen.at(-1)?.query).get('audience'), 'https://x/?a=1')
    t.equal(fakes.seen.at(-1)?.query.format, 'standard', 'the audience has changed the format')
  })

  await t.test('do not use the transport of the client', async (t) => {
    const seen = fakes.seen.length
    const transporter = new gaxios.Gaxios({ adapter: () => Promise.reject(new Error('not used')) })
    t.ok(await new Compute({ transporter }).fetchIdToken(audience))
    t.equal(fakes.seen.length, seen + 1)
  })

  await t.test('have no time limit on Google Cloud', async (t) => {
    gcpMetadata.setGCPResidency(true)
    t.equal(gcpMetadata.requestTimeout(), 0)
    gcpMetadata.setGCPResidency(false)
    t.equal(gcpMetadata.requestTimeout(), 3000)
  })

  await t.test('go through a proxy', async (t) => {
    const dials = recordDials(t)
    setVariables(t, { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' })
    await t.rejects(new Compute().fetchIdToken(audience), /ECONNREFUSED/)
    t.same(dials.foreign(), [])
  })

  await t.test('print the token when debug logging is on', async (t) => {
    const script = `import('google-auth-library').then(({ Compute }) => new Compute().fetchIdToken('x'))`
    const { stderr } = await promisify(execFile)(process.execPath, ['-e', script], {
      cwd: import.meta.dirname,
      env: { ...fakes.env, GOOGLE_SDK_NODE_LOGGING: '*' },
    })
    t.match(stderr, /eyJ/)
  })
})

t.test('IdTokenClient asks again for every call in the last five minutes, and takes Authorization', async (t) => {
  const fakes = await GoogleFakes.start(t)
  setVariables(t, fakes.env)
  fakes.lifetimeSeconds = 290
  const client = new IdTokenClient({ targetAudience: audience, idTokenProvider: new Compute() })
  for (let call = 0; call < 3; call++) t.ok((await client.getRequestHeaders()).has('authorization'))
  t.equal(fakes.seen.length, 3)
})

t.test('a service account becomes part of a path as it is', async (t) => {
  const fakes = await GoogleFakes.start(t)
  silenced(t)
  const sourceClient = new OAuth2Client({ transporter: transporterTo(fakes) })
  sourceClient.setCredentials({ access_token: 'ya29.x' })
  const targetPrincipal = 'x@y/../../../other:signBlob?'
  await new Impersonated({ sourceClient, targetPrincipal }).fetchIdToken(audience).catch(() => undefined)
  t.equal(fakes.seen[0]?.path, '/v1/projects/other:signBlob')
  t.equal(fakes.seen[0]?.headers.authorization, 'Bearer ya29.x')
})

t.test('Impersonated warns on the console whenever one is made', async (t) => {
  const warnings = silenced(t)
  new Impersonated({ sourceClient: new OAuth2Client(), targetPrincipal: keyAccount })
  t.match(warnings, [/does not validate/])
})

t.test('user credentials give an ID token for another audience', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { client_id, client_secret, refresh_token } = userFile()
  const client = new UserRefreshClient({
    clientId: String(client_id),
    clientSecret: String(client_secret),
    refreshToken: String(refresh_token),
    transporter: transporterTo(fakes),
  })
  t.equal(claimsIn(await client.fetchIdToken(audience)).aud, client_id)
})

t.test('federation has no ID token, and exchanges its token through a transport of its own', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const dials = recordDials(t)
  const file = join(t.testdir({ token: 'subject-token-of-elsewhere' }), 'token')
  const { audience: provider, subject_token_type } = externalFile({})
  const client = new IdentityPoolClient({
    audience: String(provider),
    subject_token_type: String(subject_token_type),
    token_url: `${fakes.origin}/sts.googleapis.com/v1/token`,
    credential_source: { file },
    transporter: new gaxios.Gaxios({ adapter: () => Promise.reject(new Error('not used')) }),
  })
  t.notOk('fetchIdToken' in client)
  t.ok((await client.getAccessToken()).token)
  t.equal(fakes.seen.length, 1)
  t.same(dials.foreign(), [])
})

t.test('scopes of a key get into the request of an ID token', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.accountKeys.set(keyAccount, accountKey)
  const options = { email: keyAccount, key: accountKey.pem, scopes: [scope], transporter: transporterTo(fakes) }
  await new JWT(options).fetchIdToken(audience)
  t.match(claimsIn(String(fakes.seen[0]?.fields.assertion)), { scope, target_audience: audience })
})

t.test('the text of a failure may be no text', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.faults.push({ path: /oauth2/, status: 400, body: '{"error":{"code":1}}' })
  const options = {
    email: keyAccount,
    key: String(serviceAccountFile().private_key),
    transporter: transporterTo(fakes),
  }
  await t.rejects(new JWT(options).fetchIdToken(audience), { message: '[object Object]: undefined' })
})

t.test('requests are repeated three times, POST as well, without any limit of time', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.faults.push({ path: /oauth2/, status: 503 })
  const options = { email: keyAccount, key: accountKey.pem, transporter: transporterTo(fakes) }
  await t.rejects(new JWT(options).fetchIdToken(audience))
  t.equal(fakes.seen.length, 4)
})
