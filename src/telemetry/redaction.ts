/** What stands in a log line where a secret was. */
export const redacted = '[redacted]'

/** Below this a value is cut off: log lines are flat, and an unbounded walk would follow cycles. */
const maxDepth = 6

/** Keys whose values never reach a log, wherever in a line they are; compared in lower case. */
const secretKeys: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-serverless-authorization',
  'x-restate-jwt-v1',
  'cookie',
  'set-cookie',
  'x-api-key',
  'additionalheaders',
  'additional_headers',
  'additionalrequestheaders',
  'additional-request-headers',
  'token',
  'access_token',
  'id_token',
  'refresh_token',
  'accesstoken',
  'idtoken',
  'refreshtoken',
  'assertion',
  'secret',
  'client_secret',
  'password',
  'passphrase',
  'privatekey',
  'private_key',
])

export type LogFields = Record<string, unknown>

/**
 * A copy of the fields of a log line without secrets: values under a secret key are replaced at any depth, also in
 * lists of `[name, value]` headers; bytes are replaced by their length; errors are reduced to what an operator needs,
 * because libraries hang whole requests, tokens included, on their errors.
 */
export function redactFields(fields: LogFields): LogFields {
  const copy: LogFields = {}
  for (const key of Object.keys(fields)) copy[key] = redactMember(key, fields[key], 1)
  return copy
}

function redactMember(key: string, value: unknown, depth: number): unknown {
  if (value !== undefined && value !== null && secretKeys.has(key.toLowerCase())) return redacted
  return redactValue(value, depth)
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return plainError(value, depth)
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`
  if (value instanceof Date) return value
  if (value instanceof URL) return withoutUserinfo(value)
  if (depth >= maxDepth) return '<deep>'
  if (Array.isArray(value)) {
    const [name, second] = value
    if (value.length === 2 && typeof name === 'string') return [name, redactMember(name, second, depth + 1)]
    return value.map((item) => redactValue(item, depth + 1))
  }
  const copy: LogFields = {}
  for (const [key, member] of Object.entries(value)) copy[key] = redactMember(key, member, depth + 1)
  return copy
}

function plainError(error: Error, depth: number): LogFields {
  const plain: LogFields = { type: error.name, message: error.message }
  if ('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')) plain.code = error.code
  if (error.stack !== undefined) plain.stack = error.stack
  if (error.cause !== undefined) {
    plain.cause =
      error.cause instanceof Error && depth < maxDepth ? plainError(error.cause, depth + 1) : String(error.cause)
  }
  return plain
}

function withoutUserinfo(url: URL): string {
  const copy = new URL(url)
  copy.username = ''
  copy.password = ''
  return copy.href
}

const tokenShapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]+)-----.*?-----END \1-----/gs, redacted],
  // One that breaks off is none the less a key; of a certificate one may read what comes behind its name.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\w+/=\s:,.-]|\\[nrt])*/g, redacted],
  [/\beyJ[\w-]{4,2048}\.[\w-]+\.[\w-]*/g, redacted],
  [/:\/\/[^\s/@"]+@/g, `://${redacted}@`],
  [/\b(Bearer|Basic) +[\w.~+/=-]{6,}/gi, `$1 ${redacted}`],
  // Access tokens of Google, which are no JWT.
  [/\bya29\.[\w.-]+/g, redacted],
  // Credentials in the query of a URL, which a library may repeat.
  [
    /([?&](?:access_token|id_token|token|key|api_?key|code|sig|signature|secret|password|assertion|x-goog-signature|x-amz-signature)=)[^\s"&#\\]+/gi,
    `$1${redacted}`,
  ],
]

const secretKeyPattern = new RegExp(`"(?:${[...secretKeys].join('|')})"`, 'i')

/**
 * The second net, over the finished line of JSON. It catches what does not come by `redactFields`: bindings of child
 * loggers, and text that has the shape of a PEM block, a JWT, HTTP credentials or a URL with a user, which a library
 * may have put into a message.
 */
export function redactLine(line: string): string {
  let clean = secretKeyPattern.test(line) ? redactParsed(line) : line
  for (const [shape, replacement] of tokenShapes) clean = clean.replace(shape, replacement)
  return clean
}

function redactParsed(line: string): string {
  const record: unknown = JSON.parse(line)
  return typeof record === 'object' && record !== null ? `${JSON.stringify(redactFields({ ...record }))}\n` : line
}
