import t from 'tap'
import { decodeManifest, type EndpointManifest } from '../../src/protocol/manifest.ts'
import type { RegistrationLimits } from '../../src/registry/build-options.ts'
import { buildServices } from '../../src/registry/build-services.ts'
import { checkProtocol } from '../../src/registry/check-protocol.ts'

const noLimits: RegistrationLimits = {
  maxJournalRetentionMs: undefined,
  maxIdempotencyRetentionMs: undefined,
  maxWorkflowCompletionRetentionMs: undefined,
  maxRetryPolicyMaxAttempts: undefined,
}

function manifest(services: unknown, change: object = {}): EndpointManifest {
  const whole = { protocolMode: 'BIDI_STREAM', minProtocolVersion: 5, maxProtocolVersion: 7, services, ...change }
  return decodeManifest(Buffer.from(JSON.stringify(whole)))
}

function build(services: unknown, limits: RegistrationLimits = noLimits, change: object = {}) {
  return buildServices(manifest(services, change), limits)
}

t.test('handler types', async (t) => {
  const rows: [service: string, handler: string | null, type: string | undefined][] = [
    ['SERVICE', null, 'Stateless'],
    ['SERVICE', 'SHARED', 'Stateless'],
    ['SERVICE', 'EXCLUSIVE', undefined],
    ['SERVICE', 'WORKFLOW', undefined],
    ['VIRTUAL_OBJECT', null, 'Exclusive'],
    ['VIRTUAL_OBJECT', 'EXCLUSIVE', 'Exclusive'],
    ['VIRTUAL_OBJECT', 'SHARED', 'Shared'],
    ['VIRTUAL_OBJECT', 'WORKFLOW', undefined],
    ['WORKFLOW', null, 'Shared'],
    ['WORKFLOW', 'SHARED', 'Shared'],
    ['WORKFLOW', 'WORKFLOW', 'Workflow'],
    ['WORKFLOW', 'EXCLUSIVE', undefined],
  ]
  for (const [service, handler, type] of rows) {
    const services = [{ name: 'S', ty: service, handlers: [{ name: 'h', ty: handler }] }]
    if (type === undefined) {
      t.throws(() => build(services), {
        code: 'PERDURE_ERR_REGISTRY_SERVICE_INVALID',
        status: 400,
        message: /handler 'h' of service 'S'.*invalid combination/,
      })
    } else {
      t.match(build(services).services, [{ handlers: [{ type }] }], `${service} ${handler}`)
    }
  }
})

t.test('a silent manifest leaves everything to the server', async (t) => {
  t.same(build([{ name: 'S', ty: 'SERVICE', handlers: [{ name: 'h' }] }]), {
    services: [
      {
        name: 'S',
        type: 'Service',
        public: true,
        handlers: [
          {
            name: 'h',
            type: 'Stateless',
            public: true,
            input: [{ kind: 'empty' }, { kind: 'content-type', contentType: '*/*' }],
            output: { kind: 'content-type', contentType: 'application/json', setIfEmpty: false },
            inputDescription: '*/*',
            outputDescription: 'application/json',
          },
        ],
      },
    ],
    info: [],
  })
})

const options = {
  documentation: 'what it does',
  metadata: { team: 'a' },
  inactivityTimeout: 1,
  abortTimeout: 2,
  journalRetention: 3,
  enableLazyState: true,
  retryPolicyInitialInterval: 5,
  retryPolicyMaxInterval: 6,
  retryPolicyMaxAttempts: 0,
  retryPolicyExponentiationFactor: 1.5,
  retryPolicyOnMaxAttempts: 'KILL',
}

const built = {
  documentation: 'what it does',
  metadata: { team: 'a' },
  inactivityTimeoutMs: 1,
  abortTimeoutMs: 2,
  journalRetentionMs: 3,
  enableLazyState: true,
  retryPolicy: {
    initialIntervalMs: 5,
    maxIntervalMs: 6,
    maxAttempts: 0,
    exponentiationFactor: 1.5,
    onMaxAttempts: 'kill',
  },
}

t.test('all options, of service and handler', async (t) => {
  const schema = { title: 'Order' }
  const handler = {
    name: 'run',
    ty: 'WORKFLOW',
    workflowCompletionRetention: 7,
    input: { contentType: 'application/json', jsonSchema: schema },
    output: { contentType: 'application/json', jsonSchema: true },
    ...options,
  }
  const { services } = build([
    { name: 'W', ty: 'WORKFLOW', handlers: [handler], idempotencyRetention: 4, ...options },
    { name: 'S', ty: 'SERVICE', handlers: [{ name: 'h', idempotencyRetention: 4 }] },
  ])
  t.match(services, [
    {
      ...built,
      idempotencyRetentionMs: 4,
      handlers: [
        {
          ...built,
          workflowCompletionRetentionMs: 7,
          inputJsonSchema: schema,
          outputJsonSchema: true,
          inputDescription: 'JSON Order',
          outputDescription: 'application/json',
        },
      ],
    },
    { handlers: [{ idempotencyRetentionMs: 4 }] },
  ])
})

t.test('private services and handlers', async (t) => {
  const { services } = build([
    { name: 'A', ty: 'SERVICE', ingressPrivate: true, handlers: [{ name: 'x' }, { name: 'y', ingressPrivate: true }] },
    { name: 'B', ty: 'SERVICE', handlers: [{ name: 'x' }, { name: 'y', ingressPrivate: true }] },
  ])
  t.match(services, [
    { public: false, handlers: [{ public: false }, { public: false }] },
    { public: true, handlers: [{ public: true }, { public: false }] },
  ])
})

t.test('of equal names the last counts', async (t) => {
  const { services } = build([
    { name: 'S', ty: 'VIRTUAL_OBJECT', handlers: [{ name: 'h' }] },
    {
      name: 'S',
      ty: 'SERVICE',
      handlers: [
        { name: 'h', documentation: 'first' },
        { name: 'h', documentation: 'second' },
      ],
    },
  ])
  t.match(services, [{ type: 'Service', handlers: [{ documentation: 'second' }] }])
  t.equal(services.length, 1)
  t.equal(services[0]?.handlers.length, 1)
})

t.test('reserved names', async (t) => {
  for (const name of ['restate', 'RestateCron', 'OpenAPI']) {
    t.throws(
      () => build([{ name, ty: 'SERVICE', handlers: [] }]),
      { code: 'PERDURE_ERR_REGISTRY_SERVICE_NAME_RESERVED', status: 400, restateCode: 'META0005' },
      name,
    )
  }
  for (const name of ['openapi2', 'myrestate']) t.ok(build([{ name, ty: 'SERVICE', handlers: [] }]), name)
})

t.test('options that exclude each other', async (t) => {
  const rows: [service: object, handler: object, RegExp][] = [
    [{ ty: 'SERVICE' }, { workflowCompletionRetention: 1 }, /workflowCompletionRetention/],
    [{ ty: 'WORKFLOW' }, { ty: 'SHARED', workflowCompletionRetention: 1 }, /workflowCompletionRetention/],
    [{ ty: 'WORKFLOW' }, { ty: 'WORKFLOW', idempotencyRetention: 1 }, /idempotencyRetention/],
    [{ ty: 'SERVICE', ingressPrivate: true }, { ingressPrivate: false }, /public while its service is private/],
    [{ ty: 'SERVICE' }, { input: { jsonSchema: { $ref: 'x.json' } } }, /input JSON schema.*another document/],
    [{ ty: 'SERVICE' }, { output: { jsonSchema: 7 } }, /output JSON schema/],
  ]
  for (const [service, handler, message] of rows) {
    t.throws(() => build([{ name: 'S', ...service, handlers: [{ name: 'h', ...handler }] }]), {
      code: 'PERDURE_ERR_REGISTRY_SERVICE_INVALID',
      status: 400,
      message,
    })
  }
  t.throws(() => build([{ name: 'S', ty: 'SERVICE', handlers: [{ name: 'h', input: { contentType: '*/x' } }] }]), {
    code: 'PERDURE_ERR_PROTOCOL_MANIFEST_CONTENT_TYPE',
    status: 400,
  })
})

t.test('bounds of the server, at and past them', async (t) => {
  const limits = {
    maxJournalRetentionMs: 10,
    maxIdempotencyRetentionMs: 20,
    maxWorkflowCompletionRetentionMs: 30,
    maxRetryPolicyMaxAttempts: 40,
  }
  const services = (over: number) => [
    {
      name: 'W',
      ty: 'WORKFLOW',
      journalRetention: 10 + over,
      idempotencyRetention: 20 + over,
      retryPolicyMaxAttempts: 40 + over,
      handlers: [{ name: 'run', ty: 'WORKFLOW', workflowCompletionRetention: 30 + over }],
    },
  ]
  const kept = {
    journalRetentionMs: 10,
    idempotencyRetentionMs: 20,
    retryPolicy: { maxAttempts: 40 },
    handlers: [{ workflowCompletionRetentionMs: 30 }],
  }
  const at = build(services(0), limits)
  t.match(at.services, [kept])
  t.same(at.info, [])
  const past = build(services(1), limits)
  t.match(past.services, [kept])
  t.same(
    past.info.map(({ code }) => code),
    [undefined, 'RT0022', undefined, undefined],
  )
  for (const { message } of past.info) t.match(message, /this server allows/)
})

t.test('an inactivity timeout in request/response mode', async (t) => {
  const services = [{ name: 'S', ty: 'SERVICE', inactivityTimeout: 5, handlers: [] }]
  t.match(build(services, noLimits, { protocolMode: 'REQUEST_RESPONSE' }).info, [
    { code: 'RT0021', message: /service 'S'/ },
  ])
  t.same(build(services).info, [])
})

t.test('protocol versions', async (t) => {
  const check = (min: number, max: number, sdkVersion?: string) =>
    checkProtocol('http://h/', {
      manifest: manifest([], { minProtocolVersion: min, maxProtocolVersion: max }),
      httpVersion: 'HTTP/2.0',
      sdkVersion,
    })
  t.same(check(1, 5), { min: 1, max: 5 })
  t.same(check(7, 9), { min: 7, max: 9 })
  const disjoint = { status: 500, restateCode: 'META0012' }
  t.throws(() => check(1, 4), { ...disjoint, message: /1 to 4.*5 to 7.*Update the SDK/ })
  t.throws(() => check(8, 9), { ...disjoint, message: /8 to 9.*Update the server/ })
  t.throws(() => check(1, 5, 'restate-sdk-typescript/1.2.3'), { ...disjoint, message: /1 to 1/ })
  t.same(check(1, 5, 'restate-sdk-typescript/1.20.0'), { min: 1, max: 5 })
})

t.test('streams over HTTP/1.0', async (t) => {
  const check = (protocolMode: string, httpVersion: 'HTTP/1.0' | 'HTTP/1.1') =>
    checkProtocol('http://h/', { manifest: manifest([], { protocolMode }), httpVersion, sdkVersion: undefined })
  t.throws(() => check('BIDI_STREAM', 'HTTP/1.0'), {
    code: 'PERDURE_ERR_REGISTRY_STREAMING_UNSUPPORTED',
    restateCode: 'META0015',
  })
  t.ok(check('BIDI_STREAM', 'HTTP/1.1'))
  t.ok(check('REQUEST_RESPONSE', 'HTTP/1.0'))
})
