import type { FastifyReply } from 'fastify'
import { AdminClientGone } from '../errors/admin.ts'

/** Aborted when the client has gone before its answer was complete. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    // Not `writableFinished`: on HTTP/2 Node sets it for a stream that was reset as well.
    if (!reply.raw.writableEnded) controller.abort(new AdminClientGone('the client closed its connection'))
  })
  return controller.signal
}
