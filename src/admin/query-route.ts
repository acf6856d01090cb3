import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AdminBodyShape, AdminBodySyntax, AdminBodyTooLarge } from '../errors/admin.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { QueryEngine } from '../query/query-engine.ts'
import { formatFor } from '../query/query-format.ts'
import { roleOf } from './auth/caller.ts'
import { visibilityOf } from './auth/roles.ts'
import { clientGone } from './client-gone.ts'
import { errorAnswer, internalError } from './error-answer.ts'
import { BodyFields, parseJsonBody } from './json-body.ts'
import type { MountOptions } from './mount.ts'

/**
 * `POST /query {"query": "<sql>"}`: rows as JSON for exactly `accept: application/json`, else as an Arrow stream. Errors of a query have a body
 * with a `message` and nothing else, unlike those of other routes (peer 1.7.12).
 */
export function mountQueryRoute(
  app: FastifyInstance,
  query: Pick<QueryEngine, 'run'>,
  { known, bodyLimitBytes, log }: MountOptions,
): void {
  const url = '/query'
  const sendError = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const answer = queryErrorAnswer(error)
    if (answer.status === 500 && !(error instanceof PerdureError)) {
      log.error({ event: 'admin-request-failed', path: request.originalUrl.split('?', 1)[0], err: error })
    }
    return reply.code(answer.status).header('content-type', answer.contentType).send(Buffer.from(answer.body))
  }
  app.route({
    method: 'POST',
    url,
    bodyLimit: bodyLimitBytes,
    errorHandler: (error, request, reply) => sendError(bodyError(error), request, reply),
    async handler(request, reply) {
      try {
        const sql = new BodyFields(parseJsonBody(request.headers['content-type'], request.body)).string('query')
        if (sql === undefined)
          throw new AdminBodyShape('Failed to deserialize the JSON body into the target type: missing field `query`')
        const { contentType, body, release } = await query.run(
          sql,
          formatFor(request.headers.accept),
          clientGone(reply),
          visibilityOf(roleOf(request)),
        )
        // A stream: text and objects would get a charset in their type, which the official CLI refuses.
        return reply.header('content-type', contentType).send(Readable.from(body).once('close', release))
      } catch (error) {
        return sendError(error, request, reply)
      }
    },
  })
  known.add(url, ['POST'])
}

interface ErrorBody {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

function queryErrorAnswer(error: unknown): ErrorBody {
  const answer = errorAnswer(error) ?? internalError
  if ('text' in answer) return { status: answer.status, contentType: 'text/plain; charset=utf-8', body: answer.text }
  const { message } = answer.json
  return { status: answer.status, contentType: 'application/json', body: JSON.stringify({ message }) }
}

/** What Fastify refuses before the handler runs is the body. */
function bodyError(error: unknown): unknown {
  if (!(error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')) return error
  if (error.statusCode === 413) {
    return new AdminBodyTooLarge('Failed to buffer the request body: length limit exceeded', { cause: error })
  }
  return error.statusCode >= 500
    ? error
    : new AdminBodySyntax(`Failed to buffer the request body: ${error.message}`, { cause: error })
}
