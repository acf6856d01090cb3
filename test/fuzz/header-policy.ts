import fc from 'fast-check'
import { isReservedHeader, isSensitiveHeader, isTransportHeader } from '../../src/config/header-names.ts'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { HeaderPolicy } from '../../src/ingress/header-policy.ts'
import { outcomeOf, target } from './target.ts'

const pathHeader = 'x-restate-ingress-path'
const subjectHeader = 'x-caller'

const known = fc.constantFrom(
  ...['authorization', 'cookie', 'set-cookie', 'proxy-authorization', 'x-serverless-authorization', 'x-api-key'],
  ...['x-forwarded-for', 'x-goog-iap-jwt-assertion', 'x-amzn-oidc-data', 'cf-access-jwt-assertion', 'x-access-token'],
  ...['connection', 'host', 'te', 'upgrade', 'transfer-encoding', 'content-length', 'content-type', 'accept'],
  ...['x-restate-id', pathHeader, 'x-restate-signature-scheme', 'x-restate-jwt-v1', 'idempotency-key'],
  ...['traceparent', 'tracestate', 'x-request-id', 'stripe-signature', 'x-tenant', subjectHeader, ':path', 'x-secret'],
)
const name = fc.oneof(
  { weight: 4, arbitrary: known },
  fc.string({ unit: fc.constantFrom(...'abcxyz-_0*.~!# :\u00e9'), maxLength: 24 }),
  fc.tuple(known, fc.constantFrom('-x', '*', ' ', '_', '-token')).map(([start, end]) => start + end),
)
const anyCase = fc
  .tuple(name, fc.nat())
  .map(([text, bits]) => [...text].map((char, at) => ((bits >> (at % 30)) & 1 ? char.toUpperCase() : char)).join(''))
const value = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom('', 'close, x-tenant', 'x-secret', 'a\r\nb: c', '\u0000', 'é', '\t'),
)

const inputs = fc.record({
  headerPolicy: fc.constantFrom('allow-list' as const, 'restate-compatible' as const),
  headerAllowList: fc.array(anyCase, { maxLength: 6 }),
  headerAllowListExtra: fc.array(anyCase, { maxLength: 3 }),
  raw: fc.array(fc.tuple(anyCase, value), { maxLength: 12 }),
  subject: fc.option(fc.string({ maxLength: 10 }), { nil: undefined }),
})

/** What callers can bring into the journal. */
export const headerPolicy = target('header-policy', inputs, ({ raw, subject, ...config }) => {
  const policy = outcomeOf(() => new HeaderPolicy(config, { credentialHeaders: ['x-api-key'], subjectHeader }))
  if (policy instanceof PerdureError) return
  const selected = outcomeOf(() => policy.select(raw.flat(), '/Greeter/greet', subject))
  if (selected instanceof PerdureError) return
  const listed = new Set([...config.headerAllowList, ...config.headerAllowListExtra].map((text) => text.toLowerCase()))
  const isStrict = config.headerPolicy === 'allow-list'
  const seen = new Set<string>()
  for (const [at, [header, text]] of selected.entries()) {
    const fail = (what: string): never => {
      throw new Error(`${what}: ${JSON.stringify(header)}`)
    }
    if (seen.has(header)) fail('journaled twice')
    seen.add(header)
    if (header === pathHeader ? at !== 0 || text !== '/Greeter/greet' : at === 0) fail('the path is forged or missing')
    if (header === pathHeader) continue
    if (header === subjectHeader) {
      if (subject === undefined || text !== subject) fail('a subject that nobody verified')
      continue
    }
    if (header !== header.toLowerCase()) fail('not in lower case')
    if (!/^[\t\x20-\x7e]*$/.test(text)) fail('not visible ASCII')
    if (isReservedHeader(header)) fail('reserved, and journaled')
    if (header === 'x-api-key') fail('a credential, and journaled')
    if (!isStrict) continue
    if (isTransportHeader(header)) fail('of the transport, and journaled')
    if (isSensitiveHeader(header) && !listed.has(header)) fail('sensitive, not spelled out, and journaled')
    const isListed = [...listed].some((entry) =>
      entry.endsWith('*') ? header.startsWith(entry.slice(0, -1)) : header === entry,
    )
    if (!isListed) fail('not on a list, and journaled')
  }
})
