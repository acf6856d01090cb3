import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Http2ServerRequest } from 'node:http2'
import proxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import fastify from 'fastify'
import type { BoundAddress } from '../listen/bound-address.ts'
import { isHopByHop } from './forwarded-headers.ts'
import { type IngressDoorOptions, unreachable } from './ingress-door.ts'
import { createIngressTransport, type ForwardedCall } from './ingress-transport.ts'

/** Forwards calls to ingress. */
export interface IngressProxy {
  /** Takes over a request of which nothing has been read, and answers it. `target` is what ingress gets, as it is. */
  forward(request: IncomingMessage, response: ServerResponse, target: string): void
  close(): Promise<void>
}

/**
 * A Fastify instance of its own that never listens, so that the parsers, limits and errors of admin's API do not meet calls.
 * The proxy plugin would decode and normalise paths, merge headers and repeat requests, and ingress gives all of these a
 * meaning. So it sees one constant path, and the transport sends what really came.
 */
export async function createIngressProxy(
  { maxConnections, keptBack, log }: IngressDoorOptions,
  bound: BoundAddress,
): Promise<IngressProxy> {
  const calls = new AsyncLocalStorage<ForwardedCall>()
  const current = () => calls.getStore()
  const transport = createIngressTransport({ bound, maxConnections, keptBack, current })
  const app = fastify({ logger: false, genReqId: () => '', requestIdHeader: false })
  for (const method of [...app.supportedMethods]) {
    // The transport reads bodies.
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  }
  const fail = (error: Error) => {
    // Its text may hold an address, which is for the log.
    if (current()?.signal.aborted !== true) log.error({ event: 'ingress-door-failed', err: error.cause ?? error })
  }
  await app.register(proxy, {
    upstream: 'http://ingress',
    httpMethods: [...app.supportedMethods],
    // The plugin types its own older undici, which is the same for this use.
    undici: transport as unknown as NonNullable<FastifyHttpProxyOptions['undici']>,
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    // A 503 of ingress is the caller's to see.
    retryMethods: [],
    replyOptions: {
      rewriteHeaders: endToEnd,
      onResponse(_request, reply, response) {
        const call = current()
        if (call !== undefined) restoreStatus(reply.raw, call)
        reply.send(response.stream)
      },
      onError(reply, { error }) {
        fail(error)
        reply.code(unreachable.status).headers(unreachable.headers).send(unreachable.body)
      },
    },
  })
  app.setErrorHandler((error, _request, reply) => {
    fail(error instanceof Error ? error : new Error(String(error)))
    reply.code(unreachable.status).headers(unreachable.headers).send(unreachable.body)
  })
  await app.ready()
  return {
    forward(request, response, target) {
      const call: ForwardedCall = { request, target, signal: callerGone(request, response), answered: undefined }
      request.url = '/'
      calls.run(call, () => app.routing(request, response))
    },
    async close() {
      await transport.destroy()
      await app.close()
    },
  }
}

/**
 * Terminal errors may have any status up to 999, which Fastify does not take. HTTP/2, as Node has it, cannot carry them, and
 * ingress answers 500 there.
 */
function restoreStatus(response: { statusCode: number; statusMessage: string }, call: ForwardedCall): void {
  if (call.answered === undefined) return
  const { status, reason } = call.answered
  if (call.request.httpVersionMajor === 2) {
    if (status > 599) response.statusCode = 500
    return
  }
  response.statusCode = status
  if (reason !== '') response.statusMessage = reason
}

function endToEnd<Headers extends IncomingHttpHeaders>(headers: Headers): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isHopByHop(name)))
}

function callerGone(request: IncomingMessage, response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  // While the proxy was loaded: `close` does not come again.
  const isGone = request instanceof Http2ServerRequest ? request.stream.destroyed : response.destroyed
  if (isGone) controller.abort()
  response.once('close', () => {
    // Not `writableFinished`, which HTTP/2 has for streams that the client has reset, too.
    if (!response.writableEnded) controller.abort()
  })
  return controller.signal
}
