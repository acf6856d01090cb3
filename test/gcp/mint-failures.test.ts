import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import t, { type Test } from 'tap'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { mintIdToken } from '../../src/gcp/mint-id-token.ts'
import {
  accessTokenUrl,
  accountKey,
  credentialsEnv,
  externalFile,
  impersonatedFile,
  keyAccount,
  scratch,
  serviceAccountFile,
  targetAccount,
  userFile,
} from './credential-files.ts'
import { subjectTokenFile } from './credential-kinds.ts'
import { recordDials } from './dial-recorder.ts'
import { GoogleFakes } from './google-fakes.ts'

const audience = 'https://svc-abc.a.run.app'
const ambient = { audience, impersonateServiceAccount: undefined }
const impersonating = { audience, impersonateServiceAccount: targetAccount }
const failed = (message: RegExp) => ({
  code: 'PERDURE_ERR_GCP_MINT_FAILED',
  status: 500,
  restateCode: 'RT0010',
  message,
})

async function failureOf(minting: Promise<string>): Promise<PerdureError> {
  const error = await minting.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof PerdureError) return error
  throw new Error(`no such failure: ${error}`)
}

t.test('what each endpoint refuses, and what to do', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { redirect } = fakes
  const byMachine = { env: fakes.env, redirect }
  const byKey = { env: credentialsEnv(t, serviceAccountFile()), redirect }
  const byUser = { env: credentialsEnv(t, userFile()), redirect }
  const fault = (path: RegExp, status: number, body: unknown) =>
    fakes.faults.splice(0, fakes.faults.length, {
      path,
      status,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' },
    })

  fakes.denied.add(targetAccount)
  await t.rejects(
    mintIdToken(impersonating, byMachine),
    failed(
      /^failed to mint ID token \(audience 'https:\/\/svc-abc\.a\.run\.app', impersonating 'target@.*'\): The IAM Credentials API answered 403: PERMISSION_DENIED, Permission .* Grant roles\/iam\.serviceAccountOpenIdTokenCreator on target@proj/,
    ),
  )
  fault(/generateIdToken/, 403, {
    error: { status: 'PERMISSION_DENIED', message: 'API has not been used in project 1' },
  })
  await t.rejects(
    mintIdToken(impersonating, byMachine),
    failed(/gcloud services enable iamcredentials\.googleapis\.com/),
  )
  fault(/generateIdToken/, 404, { error: { status: 'NOT_FOUND', message: 'Not found; Gaia id not found' } })
  await t.rejects(mintIdToken(impersonating, byMachine), failed(/Check that the service account target@.* exists/))
  fault(/identity/, 404, '<html>nothing</html>')
  await t.rejects(
    mintIdToken(ambient, byMachine),
    failed(/metadata server .* answered 404: .*Attach a service account/),
  )
  fault(/oauth2/, 400, { error: 'invalid_grant', error_description: 'Account has been deleted' })
  await t.rejects(
    mintIdToken(ambient, byKey),
    failed(/400: invalid_grant, Account has been deleted\. .*replace the file/),
  )
  fault(/oauth2/, 400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' })
  await t.rejects(
    mintIdToken(impersonating, byUser),
    failed(/revoked\. Log in again: gcloud auth application-default login/),
  )
  fault(/oauth2/, 400, { error: { nested: 'object' } })
  await t.rejects(mintIdToken(ambient, byKey), failed(/OAuth token endpoint answered 400\./), 'no [object Object]')
})

t.test('who is to be granted the role, and what else a refusal may want', async (t) => {
  const fakes = await GoogleFakes.start(t)
  fakes.accountKeys.set(keyAccount, accountKey)
  const { redirect } = fakes
  const other = 'other@proj.iam.gserviceaccount.com'
  const token = subjectTokenFile(t)
  const principal = 'principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/SUBJECT'
  const chained = { service_account_impersonation_url: accessTokenUrl(other) }
  for (const [file, denied, member] of [
    [serviceAccountFile(), targetAccount, `serviceAccount:${keyAccount}`],
    [userFile(), targetAccount, 'user:YOUR-ADDRESS'],
    [externalFile({ file: token }), targetAccount, principal],
    [externalFile({ file: token }, chained), targetAccount, `serviceAccount:${other}`],
    [externalFile({ file: token }, chained), other, principal],
    [impersonatedFile(userFile(), other), targetAccount, `serviceAccount:${other}`],
    [impersonatedFile(userFile(), other), other, 'user:YOUR-ADDRESS'],
  ] as const) {
    fakes.denied.clear()
    fakes.denied.add(denied)
    const { message } = await failureOf(mintIdToken(impersonating, { env: credentialsEnv(t, file), redirect }))
    t.match(message, `add-iam-policy-binding ${denied} --role `)
    t.match(message, `--member ${member}.`)
  }
  fakes.denied.clear()
  const refusal = {
    error: { status: 'PERMISSION_DENIED', message: 'The API requires a quota project, which is not set' },
  }
  fakes.faults.push({ path: /generateIdToken/, status: 403, body: JSON.stringify(refusal) })
  const byUser = { env: credentialsEnv(t, userFile()), redirect }
  await t.rejects(mintIdToken(impersonating, byUser), failed(/GOOGLE_CLOUD_QUOTA_PROJECT.*set-quota-project/))
  fakes.faults.splice(0, 1, { path: /identity/, status: 403, body: 'IAM returned 403 Forbidden' })
  await t.rejects(mintIdToken(ambient, { env: fakes.env }), failed(/On GKE.*iam\.gke\.io.*workloadIdentityUser/))
})

t.test('what cannot be used is said in whole words, and not repeated', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { redirect } = fakes
  const isJson = { 'content-type': 'application/json' }
  const flavor = { 'metadata-flavor': 'Google' }
  const key = { env: credentialsEnv(t, serviceAccountFile()), redirect }
  const user = { env: credentialsEnv(t, userFile()), redirect }
  const machine = { env: fakes.env, redirect }
  const subject = (credentialSource: object) => ({
    env: credentialsEnv(t, externalFile({ ...credentialSource })),
    redirect,
  })
  const format = { type: 'json', subject_token_field_name: 'the_token' }
  const headers = { 'x-caller': 'perdure' }
  const url = 'https://elsewhere.example/x?code=sekret'
  const notHeld = 'gave an answer that does not hold what was asked for\\.$'
  for (const [options, path, status, body, answered, message] of [
    [key, /oauth2/, 200, 'null', isJson, `OAuth token endpoint ${notHeld}`],
    [key, /oauth2/, 200, '{}', isJson, `OAuth token endpoint ${notHeld}`],
    [user, /oauth2/, 200, 'null', isJson, `OAuth token endpoint ${notHeld}`],
    [user, /oauth2/, 200, '{"access_token":"sek\\nret"}', isJson, `OAuth token endpoint ${notHeld}`],
    [machine, /generateIdToken/, 200, 'null', isJson, `IAM Credentials API ${notHeld}`],
    [machine, /generateIdToken/, 200, '[]', isJson, 'what came back is not an ID token'],
    [machine, /default\/token/, 200, 'sekret', flavor, 'metadata server .*does not hold what was asked for'],
    [machine, /default\/token/, 200, 'null', flavor, 'answered without an access token'],
    [machine, /default\/token/, 200, 'x'.repeat(2 ** 20 + 1), flavor, 'gave no answer \\(an answer that is too large'],
    [
      subject({ url, headers }),
      /elsewhere/,
      302,
      '',
      { location: 'https://x/' },
      'no answer \\(a redirect, which is not',
    ],
    [
      subject({ url, headers }),
      /elsewhere/,
      200,
      'sekret'.repeat(200_000),
      {},
      'no answer \\(an answer that is too large',
    ],
    [subject({ url, headers }), /elsewhere/, 200, ' \n', {}, 'the answer of the url .* holds no token'],
    [subject({ url, headers, format }), /elsewhere/, 200, 'sekret', {}, 'the answer of the url .* is not JSON'],
    [
      subject({ url, headers, format }),
      /elsewhere/,
      200,
      'null',
      {},
      'the answer of the url .* has no field the_token',
    ],
    [subject({ file: subjectTokenFile(t), format }), /nothing/, 200, '', {}, 'the file of .* is not JSON'],
    [
      subject({ file: '/nowhere/token' }),
      /nothing/,
      200,
      '',
      {},
      'file of credential_source, .*does not exist\\. It holds',
    ],
    [subject({ file: scratch(t) }), /nothing/, 200, '', {}, 'is not a file'],
    [subject({ file: subjectTokenFile(t, 'sekret'.repeat(50_000)) }), /nothing/, 200, '', {}, 'is too large'],
  ] as const) {
    fakes.faults.splice(0, 1, { path, status, body, headers: answered })
    const auth = options === key ? ambient : impersonating
    const error = await failureOf(mintIdToken(auth, options))
    t.match(error.message, new RegExp(message))
    t.notMatch(inspect(error, { depth: 20, showHidden: true }), /sekret|sek\nret|Cannot read|\.\.$/)
  }
})

t.test('passing failures are repeated, a few times', async (t) => {
  const fakes = await GoogleFakes.start(t)
  // Time enough for all repetitions on a slow machine.
  const options = { env: fakes.env, timeoutMs: 60_000 }
  fakes.faults.push({ path: /identity/, status: 503, times: 2 })
  t.ok(await mintIdToken(ambient, options))
  t.equal(fakes.seen.length, 3)
  fakes.seen.length = 0
  fakes.faults.push({ path: /identity/, status: 429, body: 'slow down' })
  await t.rejects(mintIdToken(ambient, options), failed(/answered 429: slow down/))
  t.equal(fakes.seen.length, 4)
  fakes.seen.length = 0
  fakes.faults.splice(0, 2, { path: /identity/, status: 403 })
  await t.rejects(mintIdToken(ambient, options), failed(/answered 403/))
  t.equal(fakes.seen.length, 1)
})

t.test('a token that is not one, or not for this audience', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const flavor = { 'metadata-flavor': 'Google' }
  fakes.faults.push({ path: /identity/, status: 200, body: 'hello', headers: flavor, times: 1 })
  await t.rejects(mintIdToken(ambient, { env: fakes.env }), failed(/what came back is not an ID token/))
  const foreign = fakes.idToken('https://other', 'x@example.com')
  fakes.faults.push({ path: /identity/, status: 200, body: foreign, headers: flavor, times: 1 })
  await t.rejects(mintIdToken(ambient, { env: fakes.env }), failed(/what came back is for another audience/))
  fakes.faults.push({ path: /identity/, status: 200, body: fakes.idToken(audience, undefined), times: 1 })
  await t.rejects(mintIdToken(ambient, { env: fakes.env }), failed(/not a metadata server: the header Metadata-Flavor/))
})

t.test('nobody listens', async (t) => {
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  await t.rejects(
    mintIdToken(ambient, { env: { GCE_METADATA_HOST: `127.0.0.1:${port}` } }),
    failed(/metadata server .* gave no answer \(ECONNREFUSED\)\. .*set GOOGLE_APPLICATION_CREDENTIALS/),
  )
})

t.test('bad input is refused before anything is read or asked', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const dials = recordDials(t)
  const env = { ...fakes.env, GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' }
  const refused = { code: 'PERDURE_ERR_GCP_AUTH_INVALID' }
  for (const impersonateServiceAccount of ['x@y/../../other:generateAccessToken?', 'me@example.com', '']) {
    await t.rejects(mintIdToken({ audience, impersonateServiceAccount }, { env }), refused)
  }
  for (const bad of ['', 'a b', 'a\r\nb']) {
    await t.rejects(mintIdToken({ audience: bad, impersonateServiceAccount: undefined }, { env }), refused)
  }
  t.same(dials.hosts, [])
})

t.test('credentials go where they belong, and nowhere else', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { redirect } = fakes

  await t.test('a redirect is not followed', async (t) => {
    const away = await GoogleFakes.start(t)
    fakes.faults.push({
      path: /^(metadata|oauth2)/,
      status: 307,
      headers: { location: `${away.origin}/stolen`, 'metadata-flavor': 'Google' },
    })
    await t.rejects(mintIdToken(ambient, { env: fakes.env }), failed(/gave no answer/))
    const env = credentialsEnv(t, serviceAccountFile())
    await t.rejects(mintIdToken(ambient, { env, redirect }), failed(/gave no answer/))
    t.same(away.seen, [])
    fakes.faults.length = 0
  })

  await t.test('by a proxy only what is encrypted', async (t) => {
    const asked: (string | undefined)[] = []
    const proxy = createServer((request, response) => {
      asked.push(`plain ${request.url}`)
      response.end()
    }).on('connect', (request: IncomingMessage, socket) => {
      asked.push(request.url)
      socket.end('HTTP/1.1 502 no\r\n\r\n')
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.teardown(() => proxy.close())
    const dials = recordDials(t)
    withVariable(t, 'HTTPS_PROXY', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
    withVariable(t, 'NO_PROXY', '')
    t.ok(await mintIdToken(ambient, { env: fakes.env }), 'the metadata server is asked directly')
    t.same(asked, [])
    const env = credentialsEnv(t, serviceAccountFile())
    await t.rejects(mintIdToken(ambient, { env }), PerdureError)
    t.same(new Set(asked), new Set(['oauth2.googleapis.com:443']))
    t.same(dials.foreign(), [])
    for (const excepted of ['*', 'googleapis.com', '.googleapis.com']) {
      asked.length = 0
      process.env.NO_PROXY = excepted
      await t.rejects(mintIdToken(ambient, { env }), failed(/gave no answer/))
      t.same(asked, [], excepted)
    }
    t.same(new Set(dials.foreign()), new Set(['oauth2.googleapis.com']), 'it would be dialled')
    process.env.NO_PROXY = ''
    withVariable(t, 'HTTP_PROXY', process.env.HTTPS_PROXY ?? '')
    process.env.HTTPS_PROXY = ''
    await t.rejects(mintIdToken(ambient, { env }), failed(/gave no answer/))
    t.same(asked, [], 'HTTP_PROXY is for other traffic')
    process.env.HTTPS_PROXY = 'proxy'
    await t.rejects(mintIdToken(ambient, { env }), failed(/HTTPS_PROXY or HTTP_PROXY of the environment is not a URL/))
    proxy.removeAllListeners('connect').on('connect', (_request, socket) => {
      socket.end('HTTP/1.1 407 no\r\ncontent-length: 0\r\n\r\n')
    })
    process.env.HTTPS_PROXY = process.env.HTTP_PROXY
    await t.rejects(mintIdToken(ambient, { env }), failed(/proxy .* answered 407/))
  })

  await t.test('a subject token is fetched from its own place only', async (t) => {
    const file = externalFile({ url: `${fakes.origin}/elsewhere.example/subject`, headers: { 'x-caller': 'perdure' } })
    t.ok(await mintIdToken(impersonating, { env: credentialsEnv(t, file), redirect }))
    const missing = externalFile({ file: '/nowhere/token' })
    await t.rejects(mintIdToken(impersonating, { env: credentialsEnv(t, missing), redirect }), {
      code: 'PERDURE_ERR_GCP_CREDENTIALS_UNUSABLE',
      message: /does not exist/,
    })
    const dials = recordDials(t)
    const lookalike = externalFile({ url: 'https://elsewhere.example/subject' })
    await t.rejects(mintIdToken(impersonating, { env: credentialsEnv(t, lookalike) }), failed(/gave no answer/))
    t.same(new Set(dials.foreign()), new Set(['elsewhere.example']), 'without the redirection it would be dialled')
  })
})

t.test('no secret in any error', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { redirect } = fakes
  const secrets = [
    'ya29.',
    'eyJ',
    '1//refresh-token',
    'GOCSPX',
    'subject-token-of',
    String(serviceAccountFile().private_key).slice(40, 70),
  ]
  const echo = `bad: ${fakes.idToken('x', keyAccount)} and ya29.a0-access_token and 1//refresh-token-of-a-user`
  const subject = externalFile({
    url: 'https://elsewhere.example/subject',
    headers: { 'x-caller': 'perdure' },
    format: { type: 'json', subject_token_field_name: 'x' },
  })
  for (const [file, path, status] of [
    [serviceAccountFile(), /oauth2/, 400],
    [userFile(), /oauth2/, 401],
    [userFile(), /generateIdToken/, 403],
    [subject, /nothing/, 200],
    [subject, /elsewhere/, 403],
    [subject, /sts/, 400],
  ] as const) {
    fakes.faults.splice(0, 1, { path, status, body: echo, headers: { 'content-type': 'text/plain' } })
    const auth = file.type === 'service_account' ? ambient : impersonating
    const error = await failureOf(mintIdToken(auth, { env: credentialsEnv(t, file), redirect }))
    const everything = inspect(error, { depth: 20, showHidden: true })
    t.same(
      secrets.filter((secret) => everything.includes(secret)),
      [],
      everything,
    )
  }
})

t.test('nothing on the console, not even with the debug logging of the library', async (t) => {
  const fakes = await GoogleFakes.start(t)
  const { GOOGLE_APPLICATION_CREDENTIALS } = credentialsEnv(t, userFile())
  const run = promisify(execFile)
  for (const env of [fakes.env, { ...fakes.env, GOOGLE_APPLICATION_CREDENTIALS }]) {
    const { stdout, stderr } = await run(
      process.execPath,
      [join(import.meta.dirname, 'mint-in-process.ts'), fakes.origin],
      {
        env: { ...env, GOOGLE_SDK_NODE_LOGGING: '*', DEBUG_AUTH: '1' },
      },
    )
    t.equal(stdout, `${targetAccount}\n`)
    t.equal(stderr, '')
  }
})

function withVariable(t: Test, name: string, value: string): void {
  const before = process.env[name]
  process.env[name] = value
  t.teardown(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}
