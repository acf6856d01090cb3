import { Readable } from 'node:stream'
import type { Dispatcher, Pool } from 'undici'
import { ServiceUnreachable } from '../errors/invoker.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { ChunkBudget, tooManyPieces } from './chunk-budget.ts'
import type { Dialing } from './dialing.ts'
import type { CancelOpen, DuplexListener, DuplexRequest, DuplexStream, DuplexTransport } from './duplex.ts'
import { portOf } from './egress/egress-policy.ts'
import { undici } from './lazy-undici.ts'

export interface Http11Limits {
  readonly connectTimeoutMs: number
  readonly http2IdleConnectionTimeoutMs: number
}

/**
 * Requests over HTTP/1.1: one connection carries one attempt at a time. Reading and writing
 * overlap here as well, for services that stream both ways.
 */
export class Http11Transport implements DuplexTransport {
  readonly #limits: Http11Limits
  readonly #dialing: Dialing
  readonly #pools = new Map<string, Pool>()
  #closed = false

  constructor(limits: Http11Limits, dialing: Dialing = {}) {
    this.#limits = limits
    this.#dialing = dialing
  }

  open(request: DuplexRequest, listener: DuplexListener): CancelOpen {
    const exchange = new Exchange(listener)
    try {
      if (this.#closed) throw new ServiceUnreachable('the server is shutting down')
      this.#poolOf(request.origin).dispatch(
        { method: 'POST', path: request.path, headers: { ...request.headers }, body: exchange.body },
        exchange,
      )
    } catch (error) {
      exchange.fail(error)
      return () => undefined
    }
    listener.onOpen(exchange)
    return () => undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()))
    this.#pools.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #poolOf(origin: string): Pool {
    // A literal address is never looked up, so it is asked for here; the pool's own connects stay on this origin.
    const url = new URL(origin)
    const { egress, ca } = this.#dialing
    egress?.checkUrl(url)
    let pool = this.#pools.get(origin)
    if (pool === undefined) {
      pool = new (undici().Pool)(origin, {
        allowH2: false,
        pipelining: 1,
        // The attempt has its own time-outs.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: this.#limits.http2IdleConnectionTimeoutMs,
        connect: {
          timeout: this.#limits.connectTimeoutMs,
          ...(egress === undefined ? {} : { lookup: egress.lookupFor(portOf(url)) }),
          ...(ca === undefined ? {} : { ca }),
        },
      })
      this.#pools.set(origin, pool)
    }
    return pool
  }
}

/** One request: the writable side for the attempt, the handler for undici. */
class Exchange implements DuplexStream, Dispatcher.DispatchHandler {
  readonly body: Readable
  readonly #listener: DuplexListener
  readonly #budget = new ChunkBudget()
  #controller: Dispatcher.DispatchController | undefined
  #ended = false
  #paused = false
  #reset = false
  #closed = false

  constructor(listener: DuplexListener) {
    this.#listener = listener
    this.body = new Readable({ read: () => listener.onWritable(), highWaterMark: 64 * 1024 })
    // Destroying the request destroys the body, which is no news.
    this.body.on('error', () => undefined)
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended || this.#closed) return true
    return this.body.push(bytes)
  }

  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.body.push(null)
  }

  pause(): void {
    this.#paused = true
    this.#controller?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#controller?.resume()
  }

  reset(): void {
    if (this.#closed) return
    this.#ended = true
    this.#reset = true
    if (this.#controller === undefined) this.body.destroy(new Error('the attempt was reset'))
    else this.#controller.abort(new Error('the attempt was reset'))
  }

  fail(error: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.body.destroy()
    if (error instanceof PerdureError) {
      this.#listener.onClose(error, false)
      return
    }
    const message = error instanceof Error ? error.message : String(error)
    const cause = error instanceof Error && error.cause instanceof PerdureError ? error.cause : undefined
    this.#listener.onClose(
      cause ?? new ServiceUnreachable(`the connection to the service failed: ${message}`, { cause: error }),
      false,
    )
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#reset) controller.abort(new Error('the attempt was reset'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (statusCode < 200) return
    if (this.#paused) controller.pause()
    this.#listener.onHeaders(statusCode, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#budget.take(chunk.length)) this.#listener.onData(chunk)
    else controller.abort(tooManyPieces())
  }

  onResponseEnd(): void {
    if (this.#closed) return
    this.#listener.onEnd()
    if (this.#closed) return
    this.#closed = true
    this.#ended = true
    this.body.destroy()
    this.#listener.onClose(undefined, false)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error)
  }
}
