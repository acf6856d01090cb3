/** A field name as HTTP allows it, in lower case, without `*`, which lists of names use as their wildcard. */
export const HEADER_NAME = /^[!#$%&'+.^_`|~0-9a-z-]+$/

const TRANSPORT: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'content-length',
  'idempotency-key',
  'idempotency-expires',
])

const SENSITIVE: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-original-authorization',
  'x-forwarded-authorization',
  'x-serverless-authorization',
  'cookie',
  'cookie2',
  'set-cookie',
  'forwarded',
  'dpop',
  'client-cert',
  'client-cert-chain',
  'x-forwarded-client-cert',
  'x-goog-authenticated-user-email',
  'x-goog-authenticated-user-id',
  'x-endpoint-api-userinfo',
  'x-apigateway-api-userinfo',
  'x-ms-client-principal',
])

const SENSITIVE_WORD =
  /(^|[-_])(auth|authorization|token|secret|password|passwd|passphrase|api[-_]?key|credentials?|session|sid|jwt|assertion|oidc|saml|csrf|xsrf|client[-_]cert|ssl[-_]client|private)([-_]|$)/

const SENSITIVE_PREFIX =
  /^(x-goog-iap|x-goog-iam|cf-access|x-amz-security|x-amzn-oidc|x-amzn-mtls|x-ms-token|x-envoy-peer|x-ssl-|ssl-)/

/** Whether a header (lower case) belongs to the transport: it is consumed and never reaches a handler. */
export function isTransportHeader(name: string): boolean {
  return name.startsWith(':') || TRANSPORT.has(name)
}

/** Whether a header (lower case) is kept for the server itself: `x-restate-*`. */
export function isReservedHeader(name: string): boolean {
  return name.startsWith('x-restate-')
}

/**
 * Whether a header (lower case) usually carries a credential or an identity. No wildcard of an allow list matches such a
 * name; only an entry that spells it out does.
 */
export function isSensitiveHeader(name: string): boolean {
  return SENSITIVE.has(name) || SENSITIVE_WORD.test(name) || SENSITIVE_PREFIX.test(name)
}

/**
 * Why an entry of an allow list (lower case) can never have an effect; `undefined` when it can. Entries are names, `prefix-*`
 * or `*`.
 */
export function headerPatternProblem(pattern: string): string | undefined {
  if (pattern === '*') return undefined
  const name = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern
  if (!HEADER_NAME.test(name)) return 'it is not a header name; a * may only stand at the end'
  if (isReservedHeader(name)) return 'x-restate-* headers are the server’s own and never taken from a caller'
  if (isTransportHeader(pattern)) return 'this header belongs to the connection and is never passed on'
  if (pattern.endsWith('*') && isSensitiveHeader(name + neutralLetter)) {
    return 'all names that begin so carry credentials, and no wildcard matches those; write the names out'
  }
  return undefined
}

/** No sensitive word or prefix has this letter: behind a name that it leaves sensitive, everything does. */
const neutralLetter = 'q'

/** The entries of an allow list (lower case) that spell out a header which may carry credentials. */
export function sensitiveNamesIn(patterns: readonly string[]): readonly string[] {
  return patterns.filter((pattern) => !pattern.endsWith('*') && isSensitiveHeader(pattern))
}
