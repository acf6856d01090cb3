import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { findCredential } from '../../src/gcp/credential-source.ts'
import {
  accessTokenUrl,
  accountKey,
  credentialsEnv,
  externalFile,
  gcloudEnv,
  impersonatedFile,
  keyAccount,
  serviceAccountFile,
  targetAccount,
  userFile,
} from './credential-files.ts'
import { recordDials } from './dial-recorder.ts'

const unusable = (message: RegExp) => ({ code: 'PERDURE_ERR_GCP_CREDENTIALS_UNUSABLE', status: 500, message })

t.test('the order: named file, gcloud file, metadata server', async (t) => {
  const dials = recordDials(t)
  const named = credentialsEnv(t, serviceAccountFile())
  const gcloud = gcloudEnv(t, userFile())
  t.match(await findCredential({ ...named, ...gcloud }), {
    from: 'environment',
    path: named.GOOGLE_APPLICATION_CREDENTIALS,
    credential: { kind: 'service-account-key', email: keyAccount },
  })
  t.match(await findCredential({ ...gcloud, GOOGLE_APPLICATION_CREDENTIALS: '' }), {
    from: 'well-known-file',
    credential: { kind: 'user', quotaProject: 'billing-proj' },
  })
  const directory = join(gcloud.HOME, '.config/gcloud')
  t.match(await findCredential({ HOME: '/nowhere', CLOUDSDK_CONFIG: directory }), { credential: { kind: 'user' } })
  t.match(await findCredential({ HOME: t.testdir() }), {
    from: 'metadata-server',
    credential: { kind: 'metadata-server', origin: 'http://169.254.169.254' },
    because: /GOOGLE_APPLICATION_CREDENTIALS is not set, and there is no file .*application_default_credentials/,
  })
  t.match(await findCredential({}), { from: 'metadata-server' })
  t.same(dials.hosts, [], 'nobody is probed')
})

t.test('where the metadata server is', async (t) => {
  const origin = async (env: Record<string, string>) => {
    const { credential } = await findCredential(env)
    return credential.kind === 'metadata-server' ? credential.origin : undefined
  }
  t.equal(await origin({ GCE_METADATA_HOST: 'metadata:8080' }), 'http://metadata:8080')
  t.equal(await origin({ GCE_METADATA_IP: '10.0.0.1', GCE_METADATA_HOST: 'metadata' }), 'http://10.0.0.1')
  t.equal(await origin({ GCE_METADATA_HOST: 'http://127.0.0.1:1/' }), 'http://127.0.0.1:1')
  for (const host of ['a/b', 'user@host', 'host?x', ' ']) {
    await t.rejects(findCredential({ GCE_METADATA_HOST: host }), unusable(/GCE_METADATA_HOST/), host)
  }
})

t.test('every supported kind', async (t) => {
  const kinds = [
    [serviceAccountFile(), { kind: 'service-account-key', email: keyAccount, privateKey: accountKey.pem }],
    [userFile(), { kind: 'user', refreshToken: '1//refresh-token-of-a-user' }],
    [
      externalFile({ file: '/var/token' }),
      { kind: 'workload-identity', subjectToken: { at: { file: '/var/token' } }, serviceAccount: undefined },
    ],
    [
      externalFile(
        {
          url: 'http://169.254.169.254/t',
          headers: { Metadata: 'True' },
          format: { type: 'json', subject_token_field_name: 'f' },
        },
        { service_account_impersonation_url: accessTokenUrl(targetAccount) },
      ),
      {
        kind: 'workload-identity',
        subjectToken: { at: { url: 'http://169.254.169.254/t', headers: { Metadata: 'True' } }, jsonField: 'f' },
        serviceAccount: targetAccount,
      },
    ],
    [
      impersonatedFile(userFile(), targetAccount, { delegates: [`projects/-/serviceAccounts/${keyAccount}`] }),
      { kind: 'impersonated-account', serviceAccount: targetAccount, source: { kind: 'user' } },
    ],
    [
      impersonatedFile(externalFile({ file: '/t' }), targetAccount),
      { kind: 'impersonated-account', source: { kind: 'workload-identity' }, delegates: [] },
    ],
  ] as const
  for (const [file, credential] of kinds) t.match(await findCredential(credentialsEnv(t, file)), { credential })
})

t.test('what is refused, and says why', async (t) => {
  const otherHost = accessTokenUrl(targetAccount).replace('iamcredentials.googleapis.com', 'evil.example')
  const source = (more: object) => externalFile({ ...more })
  for (const [file, message] of [
    ['not json', /is not JSON/],
    ['[]', /is not a JSON object/],
    ['{}', /has no field type/],
    [{ type: 'gdch_service_account' }, /type "gdch_service_account", which is not supported. Supported are/],
    [{ type: 7 }, /field type that is not text/],
    [serviceAccountFile({ private_key: undefined }), /has no field private_key/],
    [serviceAccountFile({ private_key: 'PRIVATE' }), /private_key that is not an RSA key/],
    [serviceAccountFile({ client_email: 'x@y/../z' }), /client_email/],
    [serviceAccountFile({ universe_domain: 'other.example' }), /universe_domain/],
    [userFile({ refresh_token: '' }), /has no field refresh_token/],
    [source({ executable: { command: '/bin/sh' } }), /runs a command, which this server does not do/],
    [source({ file: '/t', executable: { command: '/bin/sh' } }), /runs a command/],
    [source({ environment_id: 'aws1', url: 'http://169.254.169.254/x' }), /AWS/],
    [source({ certificate: {} }), /certificate/],
    [source({}), /either a file or a url/],
    [source({ file: '/t', url: 'https://x/' }), /either a file or a url/],
    [source({ url: 'http://token.example/' }), /neither https/],
    [source({ url: 'file:///etc/passwd' }), /neither https/],
    [source({ url: 'https://user:secret@token.example/' }), /holds a password/],
    [source({ url: 'https://token.example/', headers: { authorization: 'a\r\nb' } }), /cannot be a header/],
    [source({ url: 'https://token.example/', headers: { 'a b': 'c' } }), /cannot be a header/],
    [source({ file: '/t', format: { type: 'xml' } }), /neither text nor json/],
    [source({ file: '/t', format: { type: 'json' } }), /subject_token_field_name/],
    [externalFile({ file: '/t' }, { token_url: 'https://evil.example/token' }), /token_url that is not Google's/],
    [externalFile({ file: '/t' }, { token_url: 'https://evil.example/.googleapis.com' }), /token_url/],
    [externalFile({ file: '/t' }, { token_url: 'https://evilgoogleapis.com/' }), /token_url/],
    [externalFile({ file: '/t' }, { token_url: 'http://sts.googleapis.com/v1/token' }), /token_url/],
    [
      externalFile({ file: '/t' }, { service_account_impersonation_url: otherHost }),
      /service_account_impersonation_url/,
    ],
    [impersonatedFile(userFile(), 'x/../y'), /service_account_impersonation_url/],
    [impersonatedFile(impersonatedFile(userFile(), targetAccount), targetAccount), /impersonation itself/],
    [impersonatedFile(userFile(), targetAccount, { delegates: ['../x'] }), /delegate/],
    [impersonatedFile(userFile(), targetAccount, { delegates: 'x' }), /delegates that is not a list/],
    [
      impersonatedFile({ type: 'external_account_authorized_user' }, targetAccount),
      /source_credentials of .* has the type/,
    ],
  ] as const) {
    await t.rejects(findCredential(credentialsEnv(t, file)), unusable(message), String(message))
  }
})

t.test('files that cannot be read', async (t) => {
  const env = credentialsEnv(t, serviceAccountFile())
  const path = env.GOOGLE_APPLICATION_CREDENTIALS
  const directory = dirname(path)
  const missing = { GOOGLE_APPLICATION_CREDENTIALS: `${path}.missing`, ...gcloudEnv(t, userFile()) }
  await t.rejects(findCredential(missing), unusable(/names .*missing, which does not exist/), 'no silent second choice')
  await t.rejects(findCredential({ GOOGLE_APPLICATION_CREDENTIALS: directory }), unusable(/is not a file/))
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  await t.rejects(findCredential({ GOOGLE_APPLICATION_CREDENTIALS: pipe }), unusable(/is not a file/))
  const large = join(directory, 'large')
  writeFileSync(large, Buffer.alloc(256 * 1024 + 1))
  await t.rejects(findCredential({ GOOGLE_APPLICATION_CREDENTIALS: large }), unusable(/too large/))
  const closed = join(directory, 'closed')
  writeFileSync(closed, JSON.stringify(serviceAccountFile()))
  chmodSync(closed, 0)
  // Nothing is closed to root, who is nobody for a moment.
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    await t.rejects(findCredential({ GOOGLE_APPLICATION_CREDENTIALS: closed }), unusable(/cannot be read \(EACCES\)/))
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

t.test('no key material in errors', async (t) => {
  const key = accountKey.pem
  const text = JSON.stringify(serviceAccountFile())
  for (const broken of [
    text.slice(0, -5),
    text.replace('"private_key"', 'private_key'),
    text.replace('BEGIN PRIVATE', 'BEGIN SOME'),
    JSON.stringify(userFile({ client_id: undefined })),
    JSON.stringify(userFile({ type: '1//refresh-token-of-a-user' })),
  ]) {
    const error = await findCredential(credentialsEnv(t, broken)).then(() => undefined, String)
    t.ok(error, 'it is refused')
    for (const secret of [key.slice(40, 60), key.slice(300, 330), 'GOCSPX', 'refresh-token'])
      t.notOk(error?.includes(secret), 'not in the error')
  }
})
