import type { IncomingMessage } from 'node:http'
import { Http2ServerRequest } from 'node:http2'
import { type Dispatcher, Pool } from 'undici'
import type { BoundAddress } from '../listen/bound-address.ts'
import { forwardedHeaders } from './forwarded-headers.ts'

/** A call on its way to ingress. */
export interface ForwardedCall {
  readonly request: IncomingMessage
  readonly target: string
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal
  /** The status line of the answer as it came, when it is there. */
  answered: { readonly status: number; readonly reason: string } | undefined
}

export interface IngressTransportOptions {
  readonly bound: BoundAddress
  readonly maxConnections: number
  /** Names of headers, in lower case, that are not forwarded. */
  readonly keptBack: readonly string[]
  /** The call that is being forwarded. */
  readonly current: () => ForwardedCall | undefined
}

/**
 * A client of ingress over HTTP/1.1 that sends the current call as it came (target, header fields, body) whatever else it
 * is asked to. Nothing here ends a slow call: how long it lasts is for ingress and the caller to say.
 */
export function createIngressTransport(options: IngressTransportOptions): Dispatcher {
  const { bound, maxConnections, current } = options
  const keptBack = new Set(options.keptBack)
  const pool = new Pool(originOf(bound), {
    connections: maxConnections,
    allowH2: false,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    // This process has bound that socket itself, so that nobody else can answer there; its certificate is for the names
    // that callers know.
    connect: bound.kind === 'unix' ? { socketPath: bound.path } : { rejectUnauthorized: false },
  })
  return pool.compose((dispatch) => (asked, handler) => {
    const call = current()
    if (call === undefined) throw new Error('invariant: a call is being forwarded')
    const { request, target } = call
    const asItCame = {
      ...asked,
      path: target,
      headers: forwardedHeaders(request.rawHeaders, keptBack),
      body: hasBody(request) ? request : null,
    }
    return dispatch(asItCame, new AnswerHandler(call, handler))
  })
}

/** Ends the exchange with the caller, and keeps the status line. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #call: ForwardedCall
  readonly #next: Dispatcher.DispatchHandler

  constructor(call: ForwardedCall, next: Dispatcher.DispatchHandler) {
    this.#call = call
    this.#next = next
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    const { signal } = this.#call
    const abort = () => controller.abort(new Error('the caller has gone'))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    this.#next.onRequestStart?.(controller, context)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    reason?: string,
  ): void {
    this.#call.answered = { status, reason: reason ?? '' }
    // Fastify takes no more; the proxy puts the status back.
    this.#next.onResponseStart?.(controller, Math.min(status, 599), headers, reason)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#next.onResponseData?.(controller, chunk)
  }

  onResponseEnd(
    controller: Dispatcher.DispatchController,
    trailers: Record<string, string | string[] | undefined>,
  ): void {
    this.#next.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#next.onResponseError?.(controller, error)
  }
}

function originOf(bound: BoundAddress): string {
  if (bound.kind === 'unix') return 'http://localhost'
  // `::` is dual-stack.
  const isWildcard = bound.host === '::' || bound.host === '0.0.0.0'
  return isWildcard ? `${new URL(bound.url).protocol}//127.0.0.1:${bound.port}` : bound.url
}

/** Of any method: ingress reads the body of a GET too. */
function hasBody(request: IncomingMessage): boolean {
  if (request instanceof Http2ServerRequest) return !request.stream.endAfterHeaders
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  return coding !== undefined || (length !== undefined && Number(length) > 0)
}
