import t from 'tap'
import { DEFAULT_HEADER_ALLOW_LIST } from '../../src/config/schema/ingress-keys.ts'
import { IngressBadHeader, IngressBadHeaderPattern } from '../../src/errors/ingress.ts'
import { type HeaderClass, HeaderPolicy } from '../../src/ingress/header-policy.ts'

function policy(allow: readonly string[], mode: 'allow-list' | 'restate-compatible' = 'allow-list'): HeaderPolicy {
  return new HeaderPolicy({ headerPolicy: mode, headerAllowList: allow, headerAllowListExtra: [] })
}

const byDefault = policy(DEFAULT_HEADER_ALLOW_LIST)
const everything = policy(['*'])
const chosen = policy([...DEFAULT_HEADER_ALLOW_LIST, 'Authorization', 'x-tenant-*'])
const compatible = policy(DEFAULT_HEADER_ALLOW_LIST, 'restate-compatible')

const sensitive = ['sensitive', 'sensitive', 'sensitive', 'compatible'] as const
const transport = ['transport', 'transport', 'transport', 'compatible'] as const
const transportEverywhere = ['transport', 'transport', 'transport', 'transport'] as const
const unlisted = ['unlisted', 'wildcard', 'unlisted', 'compatible'] as const
const listed = ['explicit', 'wildcard', 'explicit', 'compatible'] as const
const reserved = ['reserved', 'reserved', 'reserved', 'reserved'] as const

/** By default, with `*`, with `authorization` and `x-tenant-*` added, and as the peer. */
type Row = readonly [HeaderClass, HeaderClass, HeaderClass, HeaderClass]

const table: readonly (readonly [name: string, row: Row])[] = [
  ['Content-Type', listed],
  ['content-encoding', listed],
  ['content-language', listed],
  ['accept', listed],
  ['ACCEPT-LANGUAGE', listed],
  ['user-agent', listed],
  ['traceparent', listed],
  ['tracestate', listed],
  ['x-request-id', listed],
  ['x-correlation-id', listed],
  ['baggage', unlisted],
  ['x-my-custom-header', unlisted],
  ['accept-encoding', unlisted],
  ['x-forwarded-for', unlisted],
  ['x-forwarded-user', unlisted],
  ['x-author', unlisted],
  ['x-tokenizer-model', unlisted],
  ['stripe-signature', unlisted],
  ['x-hub-signature-256', unlisted],
  ['x-amzn-trace-id', unlisted],
  ['cf-connecting-ip', unlisted],
  ['origin', unlisted],
  ['x-restateclient-retry-attempt', unlisted],
  ['x-tenant-id', ['unlisted', 'wildcard', 'wildcard', 'compatible']],
  ['x-tenant-token', sensitive],
  ['authorization', ['sensitive', 'sensitive', 'explicit', 'compatible']],
  ['proxy-authorization', sensitive],
  ['Cookie', sensitive],
  ['cookie2', sensitive],
  ['set-cookie', sensitive],
  ['x-serverless-authorization', sensitive],
  ['x-forwarded-client-cert', sensitive],
  ['client-cert', sensitive],
  ['client-cert-chain', sensitive],
  ['dpop', sensitive],
  ['forwarded', sensitive],
  ['x-goog-authenticated-user-email', sensitive],
  ['x-goog-authenticated-user-id', sensitive],
  ['x-goog-iap-jwt-assertion', sensitive],
  ['x-goog-iam-authority-selector', sensitive],
  ['x-endpoint-api-userinfo', sensitive],
  ['x-apigateway-api-userinfo', sensitive],
  ['x-ms-client-principal', sensitive],
  ['x-ms-token-aad-access-token', sensitive],
  ['x-original-authorization', sensitive],
  ['x-forwarded-authorization', sensitive],
  ['X-Forwarded-Access-Token', sensitive],
  ['x-auth-request-email', sensitive],
  ['x-auth-subject', sensitive],
  ['cf-access-jwt-assertion', sensitive],
  ['cf-access-client-id', sensitive],
  ['x-amz-security-token', sensitive],
  ['x-amzn-oidc-data', sensitive],
  ['x-amzn-mtls-clientcert', sensitive],
  ['x-envoy-peer-metadata', sensitive],
  ['ssl-client-verify', sensitive],
  ['x-ssl-client-dn', sensitive],
  ['x-api-key', sensitive],
  ['x-apikey', sensitive],
  ['api_key', sensitive],
  ['x-csrf-token', sensitive],
  ['x-xsrf', sensitive],
  ['x-session', sensitive],
  ['x-sid', sensitive],
  ['x-user-password', sensitive],
  ['x-db-passphrase', sensitive],
  ['x-client-secret', sensitive],
  ['x-credentials', sensitive],
  ['x-saml-response', sensitive],
  ['x-private', sensitive],
  ['host', transportEverywhere],
  ['Connection', transportEverywhere],
  ['idempotency-key', transportEverywhere],
  ['idempotency-expires', transportEverywhere],
  [':authority', transportEverywhere],
  [':path', transportEverywhere],
  ['keep-alive', transport],
  ['proxy-connection', transport],
  ['te', transport],
  ['trailer', transport],
  ['transfer-encoding', transport],
  ['upgrade', transport],
  ['http2-settings', transport],
  ['expect', transport],
  ['content-length', transport],
  ['x-restate-jwt-v1', reserved],
  ['X-RESTATE-INGRESS-PATH', reserved],
  ['x-restate-limit-key', reserved],
  ['x-restate-id', reserved],
]

t.test('classes of headers, in the order of decision', async (t) => {
  for (const [name, [a, b, c, d]] of table) {
    t.strictSame(
      [byDefault, everything, chosen, compatible].map((each) => each.explain(name).class),
      [a, b, c, d],
      name,
    )
  }
  t.strictSame(everything.explain('X-Any'), { name: 'x-any', kept: true, class: 'wildcard' })
  t.strictSame(byDefault.explain('Cookie'), { name: 'cookie', kept: false, class: 'sensitive' })
})

t.test('the extra list adds to the other', async (t) => {
  const both = new HeaderPolicy({
    headerPolicy: 'allow-list',
    headerAllowList: ['accept'],
    headerAllowListExtra: ['X-API-Key'],
  })
  t.equal(both.explain('accept').class, 'explicit')
  t.equal(both.explain('x-api-key').class, 'explicit')
  t.equal(both.explain('user-agent').class, 'unlisted')
})

t.test('patterns that cannot work stop the start', async (t) => {
  const bad = ['x-restate-foo', 'x-restate-*', 'X-Restate-Id', '*-x', 'x-*-y', 'a b', '', 'x:y', 'connection', 'Host']
  for (const pattern of [...bad, 'idempotency-key', 'content-length', '**', 'ü']) {
    t.throws(() => policy([pattern]), IngressBadHeaderPattern, JSON.stringify(pattern))
  }
  const shadowed = ['x-auth-*', 'X-Auth-Request-*', 'cf-access*', 'x-goog-iap-*', 'my-api-key-*', 'x-ssl-*', 'token-*']
  for (const pattern of shadowed) t.throws(() => policy([pattern]), IngressBadHeaderPattern, pattern)
  const mayMatch = [
    'x-auth*',
    'author*',
    'cf-*',
    'x-goog-*',
    'cookie*',
    'x-token*',
    'ssl*',
    'x-amzn-*',
    'x-forwarded-*',
  ]
  for (const pattern of mayMatch) t.doesNotThrow(() => policy([pattern]), pattern)
  for (const pattern of ['*', 'x-*', 'X-Tenant-*', 'cookie', 'x_y', 'a.b'])
    t.doesNotThrow(() => policy([pattern]), pattern)
})

t.test('attack 31: the path comes first, and cannot be forged', async (t) => {
  t.strictSame(everything.select(['X-Restate-Ingress-Path', '/evil', 'x-a', '1'], '/Svc/echo'), [
    ['x-restate-ingress-path', '/Svc/echo'],
    ['x-a', '1'],
  ])
  t.strictSame(compatible.select(['x-restate-ingress-path', '/evil'], '/Svc/echo'), [
    ['x-restate-ingress-path', '/Svc/echo'],
  ])
})

t.test('repeated fields become one', async (t) => {
  const repeated = ['X-Dup', 'a', 'other', 'o', 'x-dup', '', 'x-DUP', 'c']
  t.strictSame(everything.select(repeated, '/').slice(1), [
    ['x-dup', 'a, , c'],
    ['other', 'o'],
  ])
  t.strictSame(compatible.select(repeated, '/').slice(1), [
    ['x-dup', 'a'],
    ['other', 'o'],
  ])
  const crumbs = ['cookie', 'a=1', 'cookie', 'b=2']
  t.strictSame(policy(['cookie']).select(crumbs, '/').slice(1), [['cookie', 'a=1; b=2']])
  t.strictSame(compatible.select(crumbs, '/').slice(1), [['cookie', 'a=1']])
})

t.test('what Connection names stays on this hop', async (t) => {
  const raw = ['X-Hop', '1', 'Connection', 'x-hop , close', 'X-Stay', '2', 'connection', 'X-HOP-2', 'x-hop-2', '3']
  t.strictSame(everything.select(raw, '/').slice(1), [['x-stay', '2']])
  t.strictSame(compatible.select(raw, '/').slice(1), [
    ['x-hop', '1'],
    ['x-stay', '2'],
    ['x-hop-2', '3'],
  ])
})

t.test('values of kept headers are visible ASCII', async (t) => {
  t.strictSame(everything.select(['x-tab', 'a\tb', 'x-empty', ''], '/').slice(1), [
    ['x-tab', 'a\tb'],
    ['x-empty', ''],
  ])
  for (const value of ['caf\u00e9', '\u007f', '\u0000', 'a\u0001']) {
    t.throws(() => everything.select(['x-bad', value], '/'), IngressBadHeader)
    t.throws(() => compatible.select(['x-bad', value], '/'), IngressBadHeader)
    t.strictSame(byDefault.select(['x-bad', value], '/').length, 1, 'a dropped one may have any value')
  }
})

t.test('drops are counted by class', async (t) => {
  const counting = policy(['accept', 'x-hop'])
  counting.select(
    [
      'Host',
      'h',
      'cookie',
      'c',
      'Cookie',
      'd',
      'x-restate-a',
      '1',
      'x-other',
      '1',
      'accept',
      '*/*',
      'connection',
      'x-hop',
      'X-Hop',
      '1',
    ],
    '/',
  )
  t.strictSame(counting.dropped, { transport: 3, reserved: 1, credential: 0, sensitive: 2, unlisted: 1 })
})

t.test('invented names do not fill the memory, nor change decisions', async (t) => {
  const busy = policy(['accept', 'x-keep-*'])
  for (let i = 0; i < 5000; i++) busy.select([`x-invented-${i}`, '1'], '/')
  t.strictSame(busy.select(['Accept', 'a', 'x-keep-1', 'b', 'cookie', 'c'], '/').slice(1), [
    ['accept', 'a'],
    ['x-keep-1', 'b'],
  ])
})

t.test('what callers prove who they are with is never kept, and the subject is the server’s own', async (t) => {
  const options = { credentialHeaders: ['authorization', 'x-key'], subjectHeader: 'x-caller-id' }
  for (const headerPolicy of ['allow-list', 'restate-compatible'] as const) {
    const lists = { headerPolicy, headerAllowList: ['*'], headerAllowListExtra: [] }
    const knowing = new HeaderPolicy(lists, options)
    t.equal(knowing.explain('X-Key').class, 'credential')
    t.equal(knowing.explain('X-Caller-Id').class, 'reserved')
    const sent = ['Authorization', 'a', 'X-KEY', 'b', 'x-caller-id', 'forged', 'x-plain', 'c', 'X-Caller-ID', 'again']
    t.strictSame(knowing.select(sent, '/', 'ada').slice(1), [
      ['x-caller-id', 'ada'],
      ['x-plain', 'c'],
    ])
    t.strictSame(knowing.dropped, { transport: 0, reserved: 2, credential: 2, sensitive: 0, unlisted: 0 })
  }
})
