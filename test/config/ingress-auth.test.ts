import t from 'tap'
import { loosenings } from '../../src/config/loosenings.ts'
import { load } from './load.ts'

const hash = `sha256:${'0a'.repeat(32)}`

t.test('off by default', (t) => {
  const { auth } = load({}).config.ingress
  t.strictSame(
    [auth.apiKeys, auth.apiKeysFile, auth.subjectHeader, auth.jwt.issuer],
    [{}, undefined, undefined, undefined],
  )
  t.strictSame(auth.apiKeyHeaders, ['authorization', 'x-api-key'])
  t.strictSame(auth.jwt.algorithms, ['RS256', 'ES256', 'EdDSA'])
  t.equal(auth.openHealth, true)
  t.end()
})

t.test('from a file and from the environment', (t) => {
  const file = `
[ingress.auth]
subject-header = "X-Caller-Id"
api-keys-file = "keys"
[ingress.auth.api-keys]
"billing.eu" = "${hash}"
[ingress.auth.jwt]
issuer = "https://login.example/"
audiences = ["orders"]
jwks-url = "https://login.example/jwks"
required-claims = { hd = "example.com", email_verified = true, level = 3 }
`
  const { auth } = load({ file }).config.ingress
  t.match(auth, {
    subjectHeader: 'x-caller-id',
    apiKeysFile: /^\/.*\/keys$/,
    apiKeys: { 'billing.eu': hash },
    jwt: { requiredClaims: { hd: 'example.com', email_verified: 'true', level: '3' }, header: 'authorization' },
  })
  const env = { RESTATE_INGRESS__AUTH__API_KEYS__WEB: hash, RESTATE_INGRESS__AUTH__JWT__PROFILE: 'google-iap' }
  const fromEnv = load({ env }).config.ingress.auth
  t.strictSame(fromEnv.apiKeys, { web: hash })
  t.strictSame(fromEnv.jwt.algorithms, ['ES256'])
  t.equal(fromEnv.jwt.header, 'x-goog-iap-jwt-assertion')
  t.strictSame(loosenings(load({ env }).config), [])
  t.end()
})

t.test('what cannot be is refused, and a key that was put in place of its hash is not shown', (t) => {
  const bad = [
    'api-keys = { web = "the-key-itself" }',
    `api-keys = { web = "${hash.toUpperCase()}" }`,
    `api-keys = { "two words" = "${hash}" }`,
    'api-keys = { web = ["the-key-itself"] }',
    'api-keys = "the-key-itself"',
    'subject-header = "x-restate-caller"',
    'subject-header = "host"',
    'subject-header = "a b"',
    'jwt.jwks-url = "http://login.example/jwks"',
    'jwt.jwks-url = "https://the-key-itself:x@login.example/jwks"',
    'jwt.jwks-url = "ftp://login.example/jwks"',
    'jwt.algorithms = ["HS256"]',
    'jwt.algorithms = ["none"]',
    'jwt.audiences = [""]',
    'jwt.clock-skew = "6m"',
    'jwt.required-claims = { hd = "" }',
    'jwt.required-claims = { hd = ["a"] }',
    'jwt.profile = "aws"',
    'jwt.header = "te"',
  ]
  for (const line of bad) {
    const error = t.throws(
      () => load({ file: `[ingress.auth]\n${line}` }),
      { code: 'PERDURE_ERR_CONFIG_INVALID_VALUE' },
      line,
    )
    if (line.startsWith('api-keys')) t.notMatch(String(error), /the-key-itself/, line)
  }
  for (const url of ['http://localhost:1/', 'http://127.0.0.1/x', 'http://[::1]:8080/x', 'https://login.example/']) {
    t.doesNotThrow(() => load({ file: `[ingress.auth]\njwt.jwks-url = "${url}"` }), url)
  }
  t.notMatch(load({ file: `[ingress.auth]\napi-keys = { web = "${hash}" }` }).dump(), hash)
  t.end()
})
