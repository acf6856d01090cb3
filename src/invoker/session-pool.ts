import { ServiceUnreachable } from '../errors/invoker.ts'
import type { PerdureError } from '../errors/perdure-error.ts'
import type { Dialing } from './dialing.ts'
import type { CancelOpen, DuplexListener, DuplexRequest, DuplexTransport } from './duplex.ts'
import { Http2Session, type SessionLimits } from './http2-session.ts'

interface Waiter {
  readonly request: DuplexRequest
  readonly listener: DuplexListener
}

/** The sessions of one origin, and who waits for one. */
interface Origin {
  readonly sessions: Set<Http2Session>
  readonly waiters: Set<Waiter>
  /** What the newest session was able to carry: how many more sessions the waiters need. */
  capacity: number
}

function nothingToCancel(): void {}

/**
 * HTTP/2 connections by origin. Requests fill a connection up to its limit before another one is opened, so that
 * the number of connections follows the load, and connections without streams are closed after a while.
 */
export class SessionPool implements DuplexTransport {
  readonly #limits: SessionLimits
  readonly #dialing: Dialing
  readonly #origins = new Map<string, Origin>()
  #closed = false

  constructor(limits: SessionLimits, dialing: Dialing = {}) {
    this.#limits = limits
    this.#dialing = dialing
  }

  /** Open connections, the connecting ones included. */
  get sessionCount(): number {
    let count = 0
    for (const origin of this.#origins.values()) count += origin.sessions.size
    return count
  }

  open(request: DuplexRequest, listener: DuplexListener): CancelOpen {
    if (this.#closed) {
      listener.onClose(new ServiceUnreachable('the server is shutting down'), false)
      return nothingToCancel
    }
    const origin = this.#originOf(request.origin)
    if (origin.waiters.size === 0) {
      for (const session of origin.sessions) {
        if (!session.hasRoom) continue
        session.open(request, listener)
        return nothingToCancel
      }
    }
    const waiter = { request, listener }
    origin.waiters.add(waiter)
    this.#connectForWaiters(request.origin, origin)
    return () => origin.waiters.delete(waiter)
  }

  /** Resets what is open and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true
    for (const origin of this.#origins.values()) {
      this.#failWaiters(origin, new ServiceUnreachable('the server is shutting down'))
      for (const session of origin.sessions) session.destroy()
    }
    // Sockets report their end from the event loop.
    while (this.sessionCount > 0) await new Promise((resolve) => setImmediate(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #originOf(name: string): Origin {
    let origin = this.#origins.get(name)
    if (origin === undefined) {
      origin = { sessions: new Set(), waiters: new Set(), capacity: this.#limits.http2StreamsPerConnectionLimit }
      this.#origins.set(name, origin)
    }
    return origin
  }

  #connectForWaiters(name: string, origin: Origin): void {
    if (this.#closed) return
    let coming = 0
    for (const session of origin.sessions) if (session.isConnecting) coming += origin.capacity
    while (coming < origin.waiters.size) {
      this.#connect(name, origin)
      coming += origin.capacity
    }
  }

  #connect(name: string, origin: Origin): void {
    const session: Http2Session = new Http2Session(name, this.#limits, this.#dialing, {
      onReady: () => {
        origin.capacity = session.capacity
        this.#serve(name, origin)
      },
      onRoom: () => {
        if (origin.waiters.size > 0) this.#serve(name, origin)
      },
      onClosed: (error) => {
        origin.sessions.delete(session)
        // Whoever waits would only see the next connection fail as well; the retry policy paces them better.
        if (error !== undefined) this.#failWaiters(origin, error)
        else if (origin.waiters.size > 0) this.#connectForWaiters(name, origin)
        if (origin.sessions.size === 0 && origin.waiters.size === 0) this.#origins.delete(name)
      },
    })
    origin.sessions.add(session)
  }

  #serve(name: string, origin: Origin): void {
    for (const session of origin.sessions) {
      while (session.hasRoom) {
        const [waiter] = origin.waiters
        if (waiter === undefined) return
        origin.waiters.delete(waiter)
        session.open(waiter.request, waiter.listener)
      }
    }
    this.#connectForWaiters(name, origin)
  }

  #failWaiters(origin: Origin, error: PerdureError): void {
    const waiters = [...origin.waiters]
    origin.waiters.clear()
    for (const { listener } of waiters) listener.onClose(error, false)
  }
}
