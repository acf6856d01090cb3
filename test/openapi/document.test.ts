import t from 'tap'
import type { ServiceRecord } from '../../src/core/deployment.ts'
import { mergedOpenApi, serviceOpenApi } from '../../src/openapi/document.ts'
import { handler, input, output, service } from '../ingress/services.ts'

/** A document as clients get it. */
function parsed(document: unknown) {
  return JSON.parse(JSON.stringify(document))
}

/** What every document must hold: names stand once, and references lead somewhere. */
function problemsOf(document: unknown): string[] {
  const problems: string[] = []
  const operations = new Set<string>()
  const visit = (value: unknown): void => {
    // A schema with an id is a document of its own.
    if (typeof value !== 'object' || value === null || '$id' in value) return
    for (const [name, item] of Object.entries(value)) {
      if (name === 'operationId') {
        if (operations.has(String(item))) problems.push(`operation ${item} twice`)
        operations.add(String(item))
      } else if (name === '$ref' && typeof item === 'string') {
        if (resolved(document, item) === undefined) problems.push(`${item} leads nowhere`)
      } else visit(item)
    }
  }
  visit(document)
  return problems
}

function resolved(document: unknown, reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>(
      (value, segment) => (typeof value === 'object' && value !== null ? Reflect.get(value, segment) : undefined),
      document,
    )
}

// What the official server 1.7.12 answers for services of these shapes, by path: method, operation, parameters, statuses.
const recorded: readonly (readonly [record: ServiceRecord, paths: Readonly<Record<string, string>>])[] = [
  [
    service('Every', 'VirtualObject', [handler('all', 'Exclusive')]),
    {
      '/restate/call/Every/{key}/all': 'post all key,idempotencyKeyHeader 200,default',
      '/restate/invocation/Every/{key}/all/{idempotencyKey}/attach':
        'get allAttach key,idempotencyKeyPath 200,404,default',
      '/restate/invocation/Every/{key}/all/{idempotencyKey}/output':
        'get allOutput key,idempotencyKeyPath 200,404,470,default',
      '/restate/send/Every/{key}/all': 'post allSend key,idempotencyKeyHeader,delay 200,202,default',
    },
  ],
  [
    service('EverySvc', 'Service', [handler('echo', 'Stateless')]),
    {
      '/restate/call/EverySvc/echo': 'post echo idempotencyKeyHeader 200,default',
      '/restate/invocation/EverySvc/echo/{idempotencyKey}/attach': 'get echoAttach idempotencyKeyPath 200,404,default',
      '/restate/invocation/EverySvc/echo/{idempotencyKey}/output':
        'get echoOutput idempotencyKeyPath 200,404,470,default',
      '/restate/send/EverySvc/echo': 'post echoSend idempotencyKeyHeader,delay 200,202,default',
    },
  ],
  [
    service('EveryWf', 'Workflow', [handler('go', 'Shared'), handler('run', 'Workflow')]),
    {
      '/restate/call/EveryWf/{key}/go': 'post go key 200,default',
      '/restate/call/EveryWf/{key}/run': 'post run key 200,default',
      '/restate/send/EveryWf/{key}/go': 'post goSend key,delay 200,202,default',
      '/restate/send/EveryWf/{key}/run': 'post runSend key,delay 200,202,default',
      '/restate/workflow/EveryWf/{key}/attach': 'get runAttach key 200,404,default',
      '/restate/workflow/EveryWf/{key}/output': 'get runOutput key 200,404,470,default',
    },
  ],
]

/** One line for each path, as above. */
function shape(document: ReturnType<typeof parsed>): Record<string, string> {
  const shapes = Object.entries(document.paths as Record<string, object>).map(([path, item]): [string, string] => {
    const [[method, operation]] = Object.entries(item) as [[string, never]]
    const { operationId, parameters, responses } = operation as {
      operationId: string
      parameters: { $ref: string }[]
      responses: object
    }
    const names = parameters.map(({ $ref }) => $ref.replace('#/components/parameters/', ''))
    return [path, `${method} ${operationId} ${names} ${Object.keys(responses)}`]
  })
  return Object.fromEntries(shapes.sort())
}

t.test('one service, as the official server describes it', async (t) => {
  for (const [record, expected] of recorded) {
    const document = parsed(serviceOpenApi(record, 'http://127.0.0.1:8080/'))
    t.equal(document.openapi, '3.1.0')
    t.same(document.info, { title: record.name, version: '1' })
    t.match(document.servers, [{ url: 'http://127.0.0.1:8080/' }])
    t.strictSame(shape(document), expected)
    t.strictSame(problemsOf(document), [])
    const [call] = Object.values(document.paths) as [{ post: object }]
    t.match(call.post, {
      requestBody: { required: false, content: { 'application/json': {} } },
      responses: { 200: { content: { 'application/json': {} } } },
    })
    for (const [path, item] of Object.entries(document.paths as Record<string, { get?: { deprecated?: boolean } }>)) {
      if (item.get !== undefined) t.equal(item.get.deprecated, true, path)
    }
  }
  t.strictSame(parsed(serviceOpenApi(service('Every', 'Service', []), undefined)).servers, [])
})

const tree = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: { left: { $ref: '#' }, items: { type: 'array', items: { $ref: '#/$defs/item' } } },
  $defs: { item: { type: 'string' }, own: { $id: 'https://a.example/own', $ref: '#' } },
}

t.test('what handlers take and give', async (t) => {
  const record = service('Shop', 'Service', [
    handler('tree', 'Stateless', {
      input: input.requiredJsonWithSchema,
      inputJsonSchema: tree,
      outputJsonSchema: tree,
    }),
    handler('none', 'Stateless', { input: input.none, output: output.none }),
    handler('any', 'Stateless', { input: input.absent, output: output.octets }),
    handler('secret', 'Stateless', { public: false, inputJsonSchema: tree }),
    handler('described', 'Stateless', { documentation: 'Says it all', metadata: { team: 'blue' } }),
    // Would have the name of another operation.
    handler('describedSend', 'Stateless'),
  ])
  const document = parsed(serviceOpenApi({ ...record, documentation: 'A shop' }, undefined))
  t.strictSame(problemsOf(document), [])
  t.equal(document.info.description, 'A shop')
  const call = (name: string) => document.paths[`/restate/call/Shop/${name}`].post
  t.strictSame(call('tree').requestBody, {
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/treeRequest' } } },
  })
  t.strictSame(call('tree').responses[200].content, {
    'application/json': { schema: { $ref: '#/components/schemas/treeResponse' } },
  })
  t.match(document.components.schemas.treeRequest, {
    properties: {
      left: { $ref: '#/components/schemas/treeRequest' },
      items: { items: { $ref: '#/components/schemas/treeRequest/$defs/item' } },
    },
    $defs: { own: { $ref: '#' } },
  })
  t.notOk('requestBody' in call('none'))
  t.notOk('content' in call('none').responses[200])
  t.strictSame(call('any').requestBody, { required: false, content: { '*/*': {} } })
  t.notMatch(JSON.stringify(document), /secret/)
  t.match(call('described'), { description: 'Says it all', 'x-restate-extensions': { team: 'blue' } })
  t.strictSame(parsed(serviceOpenApi({ ...record, public: false }, undefined)).paths, {})
})

t.test('all public services in one document', async (t) => {
  const records = [
    ...recorded.map(([record]) => record),
    service('A', 'Service', [handler('b_c', 'Stateless', { metadata: { internal: 'yes' } })], { revision: 4 }),
    service('A_b', 'Service', [handler('c', 'Stateless', { inputJsonSchema: tree })]),
    service('Hidden', 'Service', [handler('x', 'Stateless')], { public: false }),
    service('Empty', 'Service', [handler('x', 'Stateless', { public: false })]),
  ]
  const document = parsed(mergedOpenApi(records, '/'))
  t.strictSame(problemsOf(document), [])
  t.notMatch(JSON.stringify(document), /Hidden|Empty|internal/)
  t.same(document.servers, [{ url: '/', description: 'Ingress' }])
  t.equal(document.info.version, '8')
  t.equal(document.paths['/restate/call/Every/{key}/all'].post.operationId, 'Every_all')
  t.equal(document.paths['/restate/send/A/b_c'].post.operationId, 'A_b_cSend')
  t.not(document.paths['/restate/call/A_b/c'].post.operationId, document.paths['/restate/call/A/b_c'].post.operationId)
})

t.test('a schema deeper than any is an answer all the same', async (t) => {
  let deep: unknown = { $ref: '#/x' }
  for (let i = 0; i < 5000; i++) deep = { not: deep }
  const record = service('Deep', 'Service', [
    handler('h', 'Stateless', { input: input.requiredJsonWithSchema, inputJsonSchema: deep }),
  ])
  t.doesNotThrow(() => serviceOpenApi(record, undefined))
})
