import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AdminBodySyntax, AdminBodyTooLarge } from '../errors/admin.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { type AdminLog, auditWrite } from './audit.ts'
import { roleOf } from './auth/caller.ts'
import { clientGone } from './client-gone.ts'
import { errorAnswer, internalError } from './error-answer.ts'
import { parseJsonBody } from './json-body.ts'
import type { KnownPaths } from './known-paths.ts'
import type { AdminRoute, Answer, AuditDetails, Operation } from './operation.ts'
import { apiVersionOf } from './target.ts'

export interface MountOptions {
  /** Gets to know the path. */
  readonly known: KnownPaths
  readonly bodyLimitBytes: number
  readonly log: AdminLog
}

/** Bodies reach operations as bytes, whatever their type: each operation says what it accepts. */
export function acceptAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** `/deployments/` is not a deployment without a name, it is nothing. */
export function refuseEmptyParameters(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const isEmpty = Object.entries(paramsOf(request)).some(([name, value]) => name !== '*' && value === '')
    if (isEmpty) reply.callNotFound()
    else done()
  })
}

/** Puts one route into Fastify: its methods, and HEAD beside GET. */
export function mountRoute(app: FastifyInstance, route: AdminRoute, options: MountOptions): void {
  const { path: url } = route
  const taken: string[] = []
  for (const [method, operation] of Object.entries(route.methods)) {
    app.route({
      method,
      url,
      bodyLimit: options.bodyLimitBytes,
      exposeHeadRoute: method === 'GET',
      errorHandler: (error, request, reply) => sendError(bodyError(error), operation, request, reply, options.log),
      handler: (request, reply) => run(operation, request, reply, options),
    })
    taken.push(method)
    if (method === 'GET') taken.push('HEAD')
  }
  options.known.add(url, taken)
}

/** Answers all methods of `url` alike and before a body is read. */
export function answerAlways(
  app: FastifyInstance,
  url: string,
  answer: (request: FastifyRequest, reply: FastifyReply) => FastifyReply,
): void {
  app.route({
    method: [...app.supportedMethods],
    url,
    // A reply in onRequest ends the request; the handler is there because Fastify wants one.
    onRequest(request, reply, _done) {
      answer(request, reply)
    },
    handler: (_request, reply) => reply.send(),
  })
}

async function run(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  options: MountOptions,
): Promise<FastifyReply> {
  const noted: Record<string, unknown> = {}
  try {
    const apiVersion = apiVersionOf(request.originalUrl)
    operation.checkVersion?.(apiVersion)
    const answer = await operation.handle({
      params: paramsOf(request),
      query: new URLSearchParams(request.url.split('?', 2)[1] ?? ''),
      body: bodyOf(operation, request),
      role: roleOf(request),
      apiVersion,
      signal: clientGone(reply),
      note(details) {
        Object.assign(noted, details)
      },
    })
    const action = operation.audit
    if (action !== undefined) {
      for (const details of [answer.audit].flat()) {
        auditWrite(options.log, request, { action, status: answer.status, details: { ...noted, ...details } })
      }
    }
    return send(reply, answer)
  } catch (error) {
    return sendError(error, operation, request, reply, options.log, noted)
  }
}

function bodyOf({ jsonBody, rawBody }: Operation, request: FastifyRequest): unknown {
  if (jsonBody) return parseJsonBody(request.headers['content-type'], request.body)
  return rawBody ? request.body : undefined
}

function paramsOf(request: FastifyRequest): Record<string, string> {
  const { params } = request
  if (typeof params !== 'object' || params === null) return {}
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status).headers(answer.headers ?? {})
  if (answer.bytes !== undefined) {
    return reply.header('content-type', 'application/octet-stream').send(Buffer.from(answer.bytes))
  }
  if (answer.json === undefined) return reply.send()
  // Bytes: to text and objects Fastify adds a charset, which clients do not expect in the type.
  return reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(answer.json)))
}

function sendError(
  error: unknown,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  log: AdminLog,
  noted: AuditDetails = {},
): FastifyReply {
  const known = errorAnswer(error)
  const answer = known ?? internalError
  if (known === undefined)
    log.error({ event: 'admin-request-failed', path: request.originalUrl.split('?', 1)[0], err: error })
  if (operation.audit !== undefined) {
    const errorCode = error instanceof PerdureError ? error.code : undefined
    auditWrite(log, request, { action: operation.audit, status: answer.status, errorCode, details: noted })
  }
  if ('json' in answer) return send(reply, answer)
  return reply.code(answer.status).header('content-type', 'text/plain; charset=utf-8').send(answer.text)
}

/** Fastify's errors before the handler are all about the body: its size, its length, a client that went away. */
function bodyError(error: unknown): unknown {
  if (!(error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')) return error
  if (error.statusCode === 413) {
    return new AdminBodyTooLarge('Failed to buffer the request body: length limit exceeded', { cause: error })
  }
  if (error.statusCode >= 500) return error
  return new AdminBodySyntax(`Failed to buffer the request body: ${error.message}`, { cause: error })
}
