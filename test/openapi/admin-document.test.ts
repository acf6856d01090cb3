import t from 'tap'
import { adminOpenApi, adminOperations } from '../../src/openapi/admin/document.ts'
import { adminFastify, testAdmin } from '../admin/admin-app.ts'
import { follow } from './schema-check.ts'

/** As clients get it. */
const document = JSON.parse(JSON.stringify(adminOpenApi('0.1.0')))

interface OperationObject {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>
}

const operations = Object.entries(document.paths as Record<string, Record<string, OperationObject>>).flatMap(
  ([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

/** All values of this key, wherever they stand in the document. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => [...(name === key ? [item] : []), ...valuesOf(key, item)])
}

/** Method and path without names of parameters, which may be others than those of the router. */
const shapeOf = (method: string, path: string) => `${method.toUpperCase()} ${path.replace(/\{\w+\}|:\w+|\*/g, '{}')}`

t.test('each route stands in the document, and nothing else does', async (t) => {
  const app = adminFastify()
  const routes = new Set<string>()
  app.addHook('onRoute', ({ method, url }) => {
    // Lists of methods are answers for what is no operation.
    if (typeof method === 'string' && method !== 'HEAD') routes.add(shapeOf(method, url))
  })
  await using admin = testAdmin({}, undefined, app)
  await admin.app.ready()
  const documented = operations.map(({ method, path }) => shapeOf(method, path))
  t.ok(documented.length > 40, `${documented.length} operations`)
  t.same([...routes].sort(), documented.sort())
})

t.test('it is served under every prefix, and names the version of the server', async (t) => {
  await using admin = testAdmin()
  for (const prefix of ['', '/v2', '/v3', '/v4']) {
    const answer = await admin.app.inject({ url: `${prefix}/openapi` })
    t.match(answer, { statusCode: 200, headers: { 'content-type': 'application/json' } })
    t.same(answer.json(), document)
  }
})

t.test('its head', async (t) => {
  t.equal(document.openapi, '3.1.0')
  t.match(document.info, { title: String, version: '0.1.0', license: { name: 'Apache-2.0' } })
  t.same(document.servers[0], { url: '/' })
  t.strictSame(Object.keys(document).sort(), ['components', 'info', 'openapi', 'paths', 'security', 'servers', 'tags'])
})

t.test('operations', async (t) => {
  const ids = operations.map(({ operation }) => operation.operationId)
  t.equal(new Set(ids).size, ids.length, 'ids stand once')
  const tags = new Set(document.tags.map(({ name }: { name: string }) => name))
  for (const { path, method, operation } of operations) {
    const name = `${method} ${path}`
    t.match(path, /^\/(?:[\w-]+|\{\w+\})(?:\/(?:[\w-]+|\{\w+\}))*$/, name)
    t.ok(['get', 'post', 'put', 'patch', 'delete'].includes(method), name)
    t.ok(operation.tags.length === 1 && tags.has(operation.tags[0] ?? ''), `${name} has a tag that is explained`)
    t.notOk(['get', 'delete'].includes(method) && 'requestBody' in operation, `${name} has a body only where it may`)
    const parameters = operation.parameters ?? []
    t.equal(new Set(parameters.map((each) => `${each.in} ${each.name}`)).size, parameters.length, `${name} parameters`)
    t.same(
      parameters.filter((each) => each.in === 'path').map((each) => `{${each.name}}`),
      path.match(/\{\w+\}/g) ?? [],
      `${name} declares the parameters of its path`,
    )
    t.ok(
      parameters.every((each) => each.in !== 'path' || each.required),
      `${name}: those of the path are required`,
    )
    const responses = Object.entries(operation.responses)
    t.ok(responses.length > 0, `${name} has answers`)
    for (const [status, response] of responses) {
      t.match(status, /^[2-5]\d\d$/, name)
      const { description } = (
        '$ref' in response ? follow(document, String(response.$ref)) : response
      ) as typeof response
      t.ok(description !== '' && description !== 'Error', `${name} ${status} is described`)
    }
    t.equal('401' in operation.responses, path !== '/health', `${name} wants a token, where there are tokens`)
  }
  const used = new Set(operations.flatMap(({ operation }) => operation.tags))
  t.same([...tags].sort(), [...used].sort(), 'each tag is used')
})

t.test('references lead to schemas, and each schema is referred to', async (t) => {
  const references = new Set(valuesOf('$ref', document).map(String))
  for (const reference of references) t.ok(follow(document, reference), reference)
  const names = Object.keys(document.components.schemas)
  for (const name of names) {
    t.match(name, /^[\w.-]+$/)
    t.ok(references.has(`#/components/schemas/${name}`), name)
  }
})

t.test('schemas are JSON schemas', async (t) => {
  const types = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']
  for (const type of valuesOf('type', { paths: document.paths, schemas: document.components.schemas }).flat()) {
    // A property may be named `type`, too.
    if (typeof type === 'string') t.ok(types.includes(type), type)
  }
  const visit = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { required, properties } = schema as { required?: unknown; properties?: unknown }
    if (Array.isArray(required) && typeof properties === 'object') {
      for (const name of required) t.ok(Object.hasOwn(properties ?? {}, name), `${name} is required and explained`)
      t.ok(required.length > 0)
    }
    for (const item of Object.values(schema)) visit(item)
  }
  visit(document.components.schemas)
})

t.test('the operations of the admin API 1.7.12 have the ids that clients are generated from', async (t) => {
  t.match(adminOperations, {
    'POST /deployments': { id: 'create_deployment' },
    'PATCH /services/{service}': { id: 'modify_service' },
    'PATCH /invocations/{invocation_id}/restart-as-new': { id: 'restart_as_new_invocation' },
    'POST /query': { id: 'query' },
    'PUT /limits/rules': { id: 'upsert_rules' },
  })
})
