import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify'
import type { ListenerConfig } from '../config/config.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type FormatError, refusalOf } from './error-answer.ts'
import { countRefusal, type ListenerStats } from './listener-stats.ts'
import { bodyTooLarge } from './request-check.ts'
import type { Route } from './serving.ts'

export interface AppParts {
  readonly name: string
  readonly config: ListenerConfig
  readonly stats: ListenerStats
  readonly log: Logger
  readonly rawBody: boolean
  readonly routedTarget: ((target: string) => string) | undefined
  readonly formatError: FormatError
  readonly onClientError: (error: Error, socket: Socket) => void
  /** Gets Fastify's entry, gives the HTTP/1 server that never listens itself. */
  readonly connect: (route: Route) => Server
}

/** The Fastify instance of a listener, with nothing in it but parsers and the error handler. */
export function createApp(parts: AppParts): FastifyInstance {
  const { config, stats, formatError, log } = parts
  const send = (reply: FastifyReply, error: unknown) => {
    const tooLarge = isBodyTooLarge(error)
    if (tooLarge) countRefusal(stats, 413)
    const { status, message } = tooLarge ? bodyTooLarge(config) : refusalOf(error)
    if (status >= 500) log.error({ event: 'request-failed', listener: parts.name, err: error })
    const answer = formatError(status, message, error)
    // HTTP/1 only; Fastify sets it when it gives up on a body.
    if (reply.request.raw.httpVersionMajor === 2) reply.removeHeader('connection')
    return reply.code(status).headers(answer.headers).send(answer.body)
  }
  const app = fastify({
    serverFactory: (route) => parts.connect(route),
    clientErrorHandler: parts.onClientError,
    frameworkErrors: (error: FastifyError, _request, reply) => void send(reply, error),
    bodyLimit: config.requestSizeLimitBytes,
    ...rewriting(parts),
    // One log line a request is for whoever asks for it; ids are the invocation's.
    logger: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    genReqId: () => '',
    requestIdHeader: false,
    trustProxy: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    // The target as a whole is bounded by the header bytes; keys of objects may be long.
    routerOptions: { maxParamLength: config.maxHeaderBytes },
  })
  app.setErrorHandler((error, _request, reply) => send(reply, error))
  if (parts.rawBody) takeRawBodies(app)
  // A form of another site can send text/plain without being asked (CSRF); nothing here takes it.
  else app.removeContentTypeParser('text/plain')
  return app
}

function rewriting({ routedTarget }: AppParts): FastifyServerOptions {
  return routedTarget === undefined ? {} : { rewriteUrl: ({ url = '/' }) => routedTarget(url) }
}

/**
 * Routes check their input themselves, by rules that no JSON schema can say. Fastify's compilers for schemas are 120
 * modules; naming others keeps them from being loaded at every start.
 */
function noSchemas(): never {
  throw new Error('invariant: no route has a schema')
}

/** Bodies of all types and methods arrive as the bytes that were sent. */
function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true })
}

function isBodyTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
}
