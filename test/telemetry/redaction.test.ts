import t from 'tap'
import { createLogger } from '../../src/telemetry/logger.ts'
import { redactLine } from '../../src/telemetry/redaction.ts'

const secret = 'hunter2-hunter2-hunter2'
const jwt = 'eyJhbGciOiJFZERTQSJ9.eyJhdWQiOiIvaW52b2tlIn0.c2lnbmF0dXJl'
const pem = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n'

/** Logs the same fields in all formats, at the lowest level, and returns all text. */
function logEverywhere(fields: Record<string, unknown>): string {
  let text = ''
  for (const logFormat of ['json', 'pretty', 'compact'] as const) {
    const config = { logFilter: 'trace', logFormat, logDisableAnsiCodes: true }
    const log = createLogger(config, {
      write: (line) => {
        text += line
      },
    })
    log.trace({ event: 'test', kept: 'kept-value', ...fields })
    log.child(fields).fatal({ event: 'test' }, 'with bindings')
  }
  return text
}

t.test('values under secret keys never appear, wherever they are', (t) => {
  const keys = [
    'authorization',
    'Authorization',
    'proxy-authorization',
    'x-serverless-authorization',
    'X-Serverless-Authorization',
    'cookie',
    'set-cookie',
    'additionalHeaders',
    'additional_headers',
    'token',
    'access_token',
    'id_token',
    'secret',
    'client_secret',
    'password',
    'private_key',
    'privateKey',
  ]
  for (const key of keys) {
    for (const fields of [
      { [key]: secret },
      { [key]: { nested: secret } },
      { headers: { [key]: secret } },
      { a: { b: { c: { [key]: [secret] } } } },
      { list: [{ [key]: secret }] },
      {
        headers: [
          ['accept', '*/*'],
          [key, secret],
        ],
      },
      { err: Object.assign(new Error('failed'), { config: { headers: { [key]: secret } } }) },
    ]) {
      const text = logEverywhere(fields)
      t.notMatch(text, secret, `${key} in ${Object.keys(fields)}`)
      t.match(text, 'kept-value')
    }
  }
  t.end()
})

t.test('additionalHeaders of a deployment as it is in memory', (t) => {
  const text = logEverywhere({ deployment: { id: 'dp_1', additionalHeaders: [['x-anything', secret]] } })
  t.notMatch(text, secret)
  t.match(text, 'dp_1')
  t.end()
})

t.test('tokens and keys inside text are cut out by their shape', (t) => {
  for (const fields of [
    { err: new Error(`upstream said: Authorization: Bearer ${secret}`) },
    { err: new Error('outer', { cause: new Error(`token ${jwt} refused`) }) },
    { message: `jwt ${jwt}` },
    { reason: `Basic ${Buffer.from(secret).toString('base64')}` },
    { text: pem },
    { text: `it ends early: ${pem.slice(0, 50)}` },
    { err: new Error(`"${pem.slice(0, 50)}" is cut`) },
    { reason: `ya29.${secret} is no good` },
    { err: new Error(`GET https://fn.example/api?code=${secret}&a=b: 500`) },
    { url: `http://a/?x=1&access_token=${secret}` },
  ]) {
    const text = logEverywhere(fields)
    t.notMatch(text, secret)
    t.notMatch(text, jwt)
    t.notMatch(text, 'eyJhdWQi')
    t.notMatch(text, 'MC4CAQAwBQYDK2VwBCIEIA')
    t.notMatch(text, Buffer.from(secret).toString('base64'))
    t.match(text, 'redacted')
  }
  t.end()
})

t.test('bytes, cycles, big integers and URLs are safe to log', (t) => {
  const cycle: Record<string, unknown> = { name: 'cycle' }
  cycle.self = cycle
  const url = new URL(`http://user:${secret}@host/path`)
  const text = logEverywhere({ body: Buffer.from(secret), cycle, big: 10n, url, map: null })
  t.notMatch(text, secret)
  t.match(text, '<23 bytes>')
  t.match(text, 'http://host/path')
  t.end()
})

t.test('an error keeps type, code, message, stack and cause', (t) => {
  const cause = Object.assign(new RangeError('inner'), { code: 'EINNER' })
  const text = logEverywhere({ err: new TypeError('outer', { cause }) })
  const [json = ''] = text.split('\n')
  t.match(JSON.parse(json).err, {
    type: 'TypeError',
    message: 'outer',
    stack: /redaction\.test/,
    cause: { type: 'RangeError', code: 'EINNER', message: 'inner' },
  })
  t.end()
})

t.test('a key that breaks off is a key; what is said of a certificate can be read', (t) => {
  t.match(
    redactLine('{"msg":"got -----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEIIrYSSNQFaA2Hwf1"}'),
    '{"msg":"got [redacted]"}',
  )
  const said = '{"msg":"-----BEGIN CERTIFICATE----- is missing in /etc/perdure/cert.pem, put it there"}'
  t.equal(redactLine(said), said)
  t.end()
})

t.test('text that looks like a thousand beginnings of a token costs little', (t) => {
  const before = process.cpuUsage()
  redactLine(JSON.stringify({ msg: 'eyJabcd-'.repeat(8192) }))
  const { user } = process.cpuUsage(before)
  t.ok(user < 300_000, `${user} µs`)
  t.end()
})
