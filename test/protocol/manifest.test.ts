import t from 'tap'
import { decodeManifest } from '../../src/protocol/manifest.ts'

type Json = Record<string, unknown>

const handler = { name: 'greet' }
const service = { name: 'Greeter', ty: 'SERVICE', handlers: [handler] }
const endpoint = { protocolMode: 'BIDI_STREAM', minProtocolVersion: 5, maxProtocolVersion: 7, services: [service] }

const decode = (manifest: unknown) => decodeManifest(Buffer.from(JSON.stringify(manifest)))
const withService = (fields: Json) => ({ ...endpoint, services: [{ ...service, ...fields }] })
const withHandler = (fields: Json) => withService({ handlers: [{ ...handler, ...fields }] })

t.test('the smallest manifest', (t) => {
  t.strictSame(decode(endpoint), {
    protocolMode: 'BIDI_STREAM',
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    services: [{ name: 'Greeter', type: 'SERVICE', handlers: [{ name: 'greet' }] }],
  })
  t.strictSame(decode({ ...endpoint, services: [] }).services, [])
  t.strictSame(decode(withService({ handlers: [] })).services[0]?.handlers, [])
  t.end()
})

t.test('every field', (t) => {
  const options = {
    documentation: 'docs',
    metadata: { a: 'b', ['__proto__']: 'own' },
    inactivityTimeout: 1,
    abortTimeout: 2,
    journalRetention: 3,
    idempotencyRetention: 4,
    enableLazyState: true,
    ingressPrivate: false,
    retryPolicyInitialInterval: 5,
    retryPolicyMaxInterval: 6,
    retryPolicyMaxAttempts: 0,
    retryPolicyExponentiationFactor: 1.5,
  }
  const expected = {
    documentation: 'docs',
    inactivityTimeoutMs: 1,
    abortTimeoutMs: 2,
    journalRetentionMs: 3,
    idempotencyRetentionMs: 4,
    enableLazyState: true,
    ingressPrivate: false,
  }
  const retry = { initialIntervalMs: 5, maxIntervalMs: 6, maxAttempts: 0, exponentiationFactor: 1.5 }
  const manifest = decode({
    protocolMode: 'REQUEST_RESPONSE',
    minProtocolVersion: 1,
    maxProtocolVersion: 2 ** 31 - 1,
    lambdaCompression: 'zstd',
    services: [
      {
        name: '_0.a-b',
        ty: 'WORKFLOW',
        ...options,
        retryPolicyOnMaxAttempts: 'PAUSE',
        handlers: [
          {
            name: 'run_1',
            ty: 'WORKFLOW',
            ...options,
            retryPolicyOnMaxAttempts: 'KILL',
            workflowCompletionRetention: 7,
            input: { required: true, contentType: 'text/*', jsonSchema: true },
            output: { contentType: 'a/b; charset=x', setContentTypeIfEmpty: true, jsonSchema: { type: 'string' } },
          },
        ],
      },
    ],
  })
  t.match(manifest, { protocolMode: 'REQUEST_RESPONSE', minProtocolVersion: 1, lambdaCompression: 'zstd' })
  const [decoded] = manifest.services
  t.match(decoded, { name: '_0.a-b', type: 'WORKFLOW', ...expected })
  t.strictSame(decoded?.retryPolicy, { ...retry, onMaxAttempts: 'pause' })
  t.strictSame(Object.entries(decoded?.metadata ?? {}), [
    ['a', 'b'],
    ['__proto__', 'own'],
  ])
  const [run] = decoded?.handlers ?? []
  t.match(run, { name: 'run_1', type: 'WORKFLOW', ...expected, workflowCompletionRetentionMs: 7 })
  t.strictSame(run?.retryPolicy, { ...retry, onMaxAttempts: 'kill' })
  t.strictSame(run?.input, { required: true, contentType: 'text/*', jsonSchema: true })
  t.strictSame(run?.output, {
    contentType: 'a/b; charset=x',
    setContentTypeIfEmpty: true,
    jsonSchema: { type: 'string' },
  })
  t.end()
})

t.test('null is absent, and absent is not empty', (t) => {
  const read = (fields: Json) => decode(withHandler(fields)).services[0]?.handlers[0]
  t.strictSame(read({ ty: null, input: null, output: null, inactivityTimeout: null, documentation: null }), {
    name: 'greet',
  })
  t.strictSame(read({ input: {}, output: {} }), { name: 'greet', input: {}, output: {} })
  t.strictSame(read({ input: { required: null, contentType: null, jsonSchema: null } }), { name: 'greet', input: {} })
  t.end()
})

t.test('"for ever" of other languages does not lose its meaning', (t) => {
  const body = JSON.stringify(withService({ journalRetention: 1234567 })).replace('1234567', '9223372036854775807')
  t.equal(decodeManifest(Buffer.from(body)).services[0]?.journalRetentionMs, Number.MAX_SAFE_INTEGER)
  t.end()
})

t.test('what does not follow the schema is refused with its path', (t) => {
  const cases: readonly (readonly [manifest: unknown, message: RegExp])[] = [
    [[], /\$: expected an object, found an array/],
    [null, /\$: expected an object, found null/],
    [{}, /\$: required field minProtocolVersion is missing/],
    [{ ...endpoint, maxProtocolVersion: undefined }, /required field maxProtocolVersion is missing/],
    [{ ...endpoint, services: undefined }, /required field services is missing/],
    [{ ...endpoint, services: {} }, /\$\.services: expected an array, found an object/],
    [
      { ...endpoint, minProtocolVersion: 5.5 },
      /\$\.minProtocolVersion: expected a whole number, at least 0, found 5\.5/,
    ],
    [{ ...endpoint, minProtocolVersion: '5' }, /\$\.minProtocolVersion: expected a whole number/],
    [{ ...endpoint, minProtocolVersion: -1 }, /\$\.minProtocolVersion/],
    [{ ...endpoint, minProtocolVersion: 0 }, /\$\.minProtocolVersion: expected a whole number, at least 1/],
    [
      { ...endpoint, protocolMode: 'HALF' },
      /\$\.protocolMode: expected one of BIDI_STREAM, REQUEST_RESPONSE, found "HALF"/,
    ],
    [{ ...endpoint, lambdaCompression: 'gzip' }, /\$\.lambdaCompression: expected one of zstd/],
    [{ ...endpoint, extra: 1 }, /\$: unknown field "extra"; allowed: protocolMode, minProtocolVersion/],
    [withService({ extra: 1 }), /\$\.services\[0\]: unknown field "extra"/],
    [withHandler({ extra: 1 }), /\$\.services\[0\]\.handlers\[0\]: unknown field "extra"/],
    [
      withHandler({ input: { extra: 1 } }),
      /handlers\[0\]\.input: unknown field "extra"; allowed: contentType, required, json/,
    ],
    [withHandler({ output: { extra: 1 } }), /handlers\[0\]\.output: unknown field "extra"/],
    [withService({ workflowCompletionRetention: 1 }), /unknown field "workflowCompletionRetention"/],
    [withService({ name: undefined }), /required field name is missing/],
    [withService({ name: '1abc' }), /\$\.services\[0\]\.name: "1abc" is no service name/],
    [withService({ name: '_' }), /is no service name/],
    [withService({ name: 'a/b' }), /is no service name/],
    [withService({ ty: undefined }), /required field ty is missing/],
    [withService({ ty: 'OBJECT' }), /\$\.services\[0\]\.ty: expected one of SERVICE, VIRTUAL_OBJECT, WORKFLOW/],
    [withService({ handlers: 'none' }), /\$\.services\[0\]\.handlers: expected an array, found "none"/],
    [withService({ handlers: ['greet'] }), /handlers\[0\]: expected an object, found "greet"/],
    [withHandler({ name: 'a.b' }), /"a\.b" is no handler name/],
    [withHandler({ name: 'a-b' }), /is no handler name/],
    [withHandler({ ty: 'STATELESS' }), /handlers\[0\]\.ty: expected one of WORKFLOW, EXCLUSIVE, SHARED/],
    [withHandler({ documentation: 1 }), /documentation: expected a string, found 1/],
    [withHandler({ metadata: [] }), /metadata: expected an object of strings, found an array/],
    [withHandler({ metadata: { a: 1 } }), /metadata: expected a string under "a", found 1/],
    [withHandler({ inactivityTimeout: 1.5 }), /inactivityTimeout: expected a whole number/],
    [withHandler({ abortTimeout: -1 }), /abortTimeout: expected a whole number/],
    [withHandler({ journalRetention: '1d' }), /journalRetention: expected a whole number, at least 0, found "1d"/],
    [withHandler({ enableLazyState: 'yes' }), /enableLazyState: expected true or false, found "yes"/],
    [withHandler({ retryPolicyExponentiationFactor: '2' }), /ExponentiationFactor: expected a number/],
    [withHandler({ retryPolicyOnMaxAttempts: 'pause' }), /OnMaxAttempts: expected one of PAUSE, KILL, found "pause"/],
    [withHandler({ input: true }), /handlers\[0\]\.input: expected an object, found true/],
    [withHandler({ input: { required: 1 } }), /input\.required: expected true or false/],
    [withHandler({ input: { contentType: 1 } }), /input\.contentType: expected a string/],
    [withHandler({ output: { setContentTypeIfEmpty: 1 } }), /setContentTypeIfEmpty: expected true or false/],
  ]
  for (const [manifest, message] of cases) {
    const expected = { code: 'PERDURE_ERR_PROTOCOL_MANIFEST_UNDECODABLE', status: 500, restateCode: undefined, message }
    t.throws(() => decode(manifest), expected, message.source)
  }
  t.end()
})

t.test('bodies that are no JSON are refused without repeating them', (t) => {
  for (const body of ['', '<html>secret</html>', '{"a":', '[[[[']) {
    t.throws(() => decodeManifest(Buffer.from(body)), {
      code: 'PERDURE_ERR_PROTOCOL_MANIFEST_UNDECODABLE',
      message: /\$: the body is not JSON$/,
    })
  }
  t.throws(() => decodeManifest(Buffer.from([0x22, 0xff, 0x22])), { message: /the body is not UTF-8/ })
  t.throws(() => decodeManifest(Buffer.from('['.repeat(200_000))), {
    code: 'PERDURE_ERR_PROTOCOL_MANIFEST_UNDECODABLE',
  })
  t.end()
})

t.test('versions and mode that cannot be', (t) => {
  const cases: readonly (readonly [Json, RegExp])[] = [
    [{ ...endpoint, protocolMode: undefined }, /protocolMode is missing/],
    [{ ...endpoint, minProtocolVersion: 7, maxProtocolVersion: 5 }, /7 and \$\.maxProtocolVersion 5 are no range/],
    [{ ...endpoint, maxProtocolVersion: 2 ** 31 }, /are no range/],
  ]
  for (const [manifest, message] of cases) {
    t.throws(() => decode(manifest), {
      code: 'PERDURE_ERR_PROTOCOL_MANIFEST_INVALID',
      restateCode: 'META0013',
      message,
    })
  }
  t.end()
})

t.test('content types', (t) => {
  for (const contentType of ['*/*', 'text/*', 'application/json', 'application/json; charset=utf-8']) {
    t.doesNotThrow(() => decode(withHandler({ input: { contentType } })), contentType)
  }
  for (const contentType of ['', 'json', '*/json', '/json', 'text/', '*']) {
    t.throws(
      () => decode(withHandler({ input: { contentType } })),
      { code: 'PERDURE_ERR_PROTOCOL_MANIFEST_CONTENT_TYPE', status: 400, message: /handlers\[0\]\.input\.contentType/ },
      `input ${contentType}`,
    )
  }
  t.doesNotThrow(() => decode(withHandler({ output: { contentType: 'anything at all' } })))
  for (const contentType of ['a\r\nset-cookie: b', 'a\0', 'ä/b']) {
    t.throws(
      () => decode(withHandler({ output: { contentType } })),
      { code: 'PERDURE_ERR_PROTOCOL_MANIFEST_CONTENT_TYPE', message: /handlers\[0\]\.output\.contentType/ },
      `output ${JSON.stringify(contentType)}`,
    )
  }
  t.end()
})
