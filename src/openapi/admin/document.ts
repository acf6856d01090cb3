import { STATUS_CODES } from '../../platform/node-http.ts'
import { absentOperations, absentSchemas } from './absent-operations.ts'
import { deploymentOperations } from './deployment-operations.ts'
import { deploymentSchemas } from './deployment-schemas.ts'
import { errorContent, errorSchemas } from './error-schemas.ts'
import { invocationOperations } from './invocation-operations.ts'
import { invocationSchemas } from './invocation-schemas.ts'
import type { AdminOperation, AdminOperations, AdminTag } from './operation.ts'
import { queryOperations, querySchemas } from './query-operations.ts'
import { type Content, json, type Schema, text } from './schema-terms.ts'
import { serverOperations, serverSchemas } from './server-operations.ts'
import { serviceOperations } from './service-operations.ts'
import { serviceSchemas } from './service-schemas.ts'

/** The operations of the admin API, by method and path: the one table that its document is made of. */
export const adminOperations: AdminOperations = {
  ...serverOperations,
  ...deploymentOperations,
  ...serviceOperations,
  ...invocationOperations,
  ...queryOperations,
  ...absentOperations,
}

const schemas: Readonly<Record<string, Schema>> = {
  ...serverSchemas,
  ...deploymentSchemas,
  ...serviceSchemas,
  ...invocationSchemas,
  ...querySchemas,
  ...absentSchemas,
  ...errorSchemas,
}

const TAGS: Readonly<Record<AdminTag, string>> = {
  server: 'The server itself',
  deployment: 'Where services run',
  service: 'Services and their state',
  service_handler: 'Handlers of services',
  invocation: 'Invocations and their journals',
  introspection: 'SQL',
  subscription: 'Kafka subscriptions, of which there are none',
  kafka_cluster: 'Kafka clusters, of which there are none',
  rule: 'Limiter rules, of which there are none',
  vqueue: 'Vqueues, of which there are none',
}

/** Statuses of a body that cannot be read. */
const BODY_ERRORS = [400, 413, 415, 422]

/** Answers of the door before all routes. */
const accessErrors = [
  ['401', { $ref: '#/components/responses/Unauthorized' }],
  ['403', { $ref: '#/components/responses/Forbidden' }],
]

/** The OpenAPI 3.1.0 document of the admin API, as JSON. `version` is that of the server. */
export function adminOpenApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [name, operation] of Object.entries(adminOperations)) {
    const [method = '', path = ''] = name.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationObject(path, operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Admin API of perdure',
      version,
      description: 'Compatible with the admin API of Restate 1.7.12.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: ['/', '/v4', '/v3', '/v2'].map((url) => ({ url })),
    tags: Object.entries(TAGS).map(([tag, description]) => ({ name: tag, description })),
    paths,
    // Without admin tokens in the configuration, nobody needs one.
    security: [{}, { adminToken: [] }],
    components: {
      schemas,
      responses: { Unauthorized: response(401, errorContent(401)), Forbidden: response(403, errorContent(403)) },
      securitySchemes: { adminToken: { type: 'http', scheme: 'bearer', description: 'One of `admin.tokens`.' } },
    },
  }
}

function operationObject(path: string, operation: AdminOperation) {
  const { id, tag, summary, description, deprecated, body } = operation
  const content = body === undefined ? operation.rawBody : json(body)
  const parameters = [...pathParameters(path), ...queryParameters(operation.query ?? {})]
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(content === undefined ? {} : { requestBody: { required: true, content: contentObject(content) } }),
    ...(isOpen(operation) ? { security: [] } : {}),
    responses: responses(operation),
  }
}

/** Probes need no token. */
function isOpen({ id }: AdminOperation): boolean {
  return id === 'health'
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: text() }))
}

function queryParameters(query: NonNullable<AdminOperation['query']>) {
  return Object.entries(query).map(([name, { schema, description }]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema,
  }))
}

function responses(operation: AdminOperation) {
  const { success = {}, location, errors = [], errorBodies = {}, body } = operation
  const failures = new Set([...errors, ...(body === undefined ? [] : BODY_ERRORS)])
  const headers = location === undefined ? {} : { headers: { location: { schema: text('Relative to the API.') } } }
  return Object.fromEntries([
    ...Object.entries(success).map(([status, content]) => [status, { ...response(status, content), ...headers }]),
    ...[...failures].map((status) => [status, response(status, errorBodies[status] ?? errorContent(status))]),
    ...(isOpen(operation) ? [] : accessErrors),
  ])
}

function response(status: number | string, content: Content) {
  return {
    description: STATUS_CODES[status] ?? 'Error',
    ...(Object.keys(content).length === 0 ? {} : { content: contentObject(content) }),
  }
}

function contentObject(content: Content) {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]))
}
