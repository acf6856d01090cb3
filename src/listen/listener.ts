import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { ListenerConfig } from '../config/config.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { BoundAddress } from './bound-address.ts'
import type { Connection } from './connection.ts'
import { type FormatError, formatErrorAsJson } from './error-answer.ts'
import { createApp } from './fastify-app.ts'
import { Http1Server } from './http1-server.ts'
import { Http2Server } from './http2-server.ts'
import { type ListenerStats, newListenerStats } from './listener-stats.ts'
import { bindConfigured, type ListeningParts, takeActivated } from './listening-sockets.ts'
import { LogThrottle } from './log-throttle.ts'
import { SniffedConnection } from './protocol-sniffer.ts'
import { type Exempt, type Route, Serving } from './serving.ts'
import { TlsConnection } from './tls-connection.ts'
import { markTlsPeer, type TlsPeer } from './tls-peers.ts'
import { TlsTerminator } from './tls-terminator.ts'
import { markUnixPeer } from './unix-peers.ts'

export type ListenerName = 'ingress' | 'admin' | 'fabric'

export interface ListenerOptions {
  /** Give every body, of GET too, to the routes as a Buffer. Without it `application/json` is parsed and the rest is 415. */
  readonly rawBody?: boolean
  /**
   * What is routed in place of the target, which `request.originalUrl` has as it came: a constant for routes that parse
   * targets themselves. Fastify would decode them, and refuse escapes that it cannot decode.
   */
  readonly routedTarget?: (target: string) => string
  /** Shapes all errors of this listener; `{code, message}` without it. */
  readonly formatError?: FormatError
  /** Open file descriptors of listening sockets, which are taken in place of those of the configuration. */
  readonly activatedSockets?: readonly number[]
  /** Asked about requests over the limit of those in progress; without it, none passes. */
  readonly exempt?: Exempt
  /** Gets the addresses before anything is accepted on them; what it throws, `start` rejects with. */
  readonly approve?: (addresses: readonly BoundAddress[]) => void
}

/**
 * One of the three servers: a Fastify instance and the sockets that feed it. Register routes on `app` before `start`.
 * Disposing it closes it without grace, or waits for a `close` that is under way.
 */
export interface Listener extends AsyncDisposable {
  readonly name: ListenerName
  readonly app: FastifyInstance
  /** Empty before `start` and after `close`. */
  readonly addresses: readonly BoundAddress[]
  readonly stats: Readonly<ListenerStats>
  /**
   * Binds TCP first, then the Unix socket, as the configuration asks, or takes the sockets that were passed. If one
   * fails, none stays open.
   *
   * @throws AddressInUse, BindFailed, SocketInUse, SocketPathOccupied, SocketPathTooLong, SocketGroupUnknown,
   * SocketGroupDenied, ActivationInvalid, TlsUnusable
   */
  start(): Promise<readonly BoundAddress[]>
  /**
   * Reads certificate, key and client CA again, for connections to come. Those that are open end after the requests in progress if the client CA is
   * another one. Without TLS it does nothing.
   *
   * @throws TlsUnusable when they cannot be used; those before stay
   */
  reloadTls(): void
  /**
   * Stops accepting and closes idle connections at once, lets requests in progress finish for `graceMs`, then cuts
   * what is left. May be called again: the shorter grace counts.
   */
  close(graceMs: number): Promise<void>
}

/** Makes a listener; nothing is bound yet. */
export function createListener(
  name: ListenerName,
  config: ListenerConfig,
  log: Logger,
  options: ListenerOptions = {},
): Listener {
  return new HttpListener(name, config, log, options)
}

/** How often connections that have become idle are closed while the rest finishes. */
const drainIntervalMs = 50

class HttpListener implements Listener {
  readonly name: ListenerName
  readonly app: FastifyInstance
  readonly stats = newListenerStats()
  addresses: readonly BoundAddress[] = []
  readonly #log: Logger
  readonly #config: ListenerConfig
  readonly #serving: Serving
  readonly #http1: Http1Server
  readonly #http2: Http2Server
  readonly #activatedSockets: readonly number[]
  readonly #approve: (addresses: readonly BoundAddress[]) => void
  readonly #servers: Server[] = []
  readonly #connections = new Map<Socket, Connection>()
  readonly #refusedThrottle = new LogThrottle()
  readonly #acceptThrottle = new LogThrottle()
  readonly #drained = Promise.withResolvers<void>()
  #tls: TlsTerminator | undefined
  #sweeper: NodeJS.Timeout | undefined
  #sweptAtMs = 0
  #hasSkippedSweep = false
  #graceTimer: NodeJS.Timeout | undefined
  #cutAtMs = Number.POSITIVE_INFINITY
  #started: Promise<readonly BoundAddress[]> | undefined
  #closed: Promise<void> | undefined

  constructor(name: ListenerName, config: ListenerConfig, log: Logger, options: ListenerOptions) {
    this.name = name
    this.#log = log
    this.#config = config
    this.#activatedSockets = options.activatedSockets ?? []
    this.#approve = options.approve ?? (() => {})
    const formatError = options.formatError ?? formatErrorAsJson
    let route: Route = () => {
      throw new Error('a request came before Fastify was made')
    }
    const toRoute: Route = (request, response) => route(request, response)
    this.#serving = new Serving(name, config, this.stats, formatError, toRoute, options.exempt)
    this.#http1 = new Http1Server(this.#serving)
    this.#http2 = new Http2Server(this.#serving)
    this.app = createApp({
      name,
      config,
      stats: this.stats,
      log,
      formatError,
      rawBody: options.rawBody ?? false,
      routedTarget: options.routedTarget,
      onClientError: this.#http1.onClientError,
      connect: (fastifyRoute) => {
        route = fastifyRoute
        return this.#http1.server
      },
    })
  }

  start(): Promise<readonly BoundAddress[]> {
    this.#started ??= this.#bindAll()
    return this.#started
  }

  reloadTls(): void {
    this.#tls?.reload()
  }

  close(graceMs: number): Promise<void> {
    const cutAtMs = performance.now() + graceMs
    if (cutAtMs < this.#cutAtMs) {
      this.#cutAtMs = cutAtMs
      clearTimeout(this.#graceTimer)
      this.#graceTimer = setTimeout(() => this.#cutAll(), graceMs)
    }
    this.#closed ??= this.#closeAll()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ?? this.close(0)
  }

  async #bindAll(): Promise<readonly BoundAddress[]> {
    if (this.#serving.draining) return []
    await this.app.ready()
    let bound: readonly BoundAddress[]
    try {
      this.#startTls()
      bound = await this.#listen()
      this.#approve(bound)
      await this.#tls?.start()
    } catch (error) {
      await this.#stopAccepting()
      throw error
    }
    this.#http1.start()
    this.#sweptAtMs = performance.now()
    this.#sweeper = setInterval(() => this.#sweep(), this.#serving.sweepIntervalMs).unref()
    for (const server of this.#servers) server.on('error', this.#onAcceptError)
    for (const address of bound) this.#log.info({ event: 'listening', listener: this.name, address: address.url })
    this.addresses = bound
    return bound
  }

  #startTls(): void {
    const { tls } = this.#config
    if (tls === undefined) return
    const onFailure = () => void this.stats.tlsFailures++
    const onClientsChanged = () => this.#dismissTlsClients()
    this.#tls = new TlsTerminator({ listener: this.name, tls, log: this.#log, onFailure, onClientsChanged })
  }

  /** Their certificates were verified by authorities that may count no more: each comes again when its requests are answered. */
  #dismissTlsClients(): void {
    for (const connection of this.#connections.values()) if (connection instanceof TlsConnection) connection.drain()
    this.#http1.closeIdle()
  }

  #listen(): Promise<readonly BoundAddress[]> {
    const parts = {
      name: this.name,
      config: this.#config,
      scheme: this.#tls === undefined ? 'http' : 'https',
      log: this.#log,
      newServer: (kind) => this.#newServer(kind),
    } satisfies ListeningParts
    return this.#activatedSockets.length > 0 ? takeActivated(parts, this.#activatedSockets) : bindConfigured(parts)
  }

  #newServer(kind: () => BoundAddress['kind']): Server {
    const options = { noDelay: true, allowHalfOpen: true }
    const server = createServer(options, (socket) => this.#accept(socket, kind() === 'unix'))
    this.#servers.push(server)
    return server
  }

  #accept(socket: Socket, isUnixSocket: boolean): void {
    const { maxConnections } = this.#config
    if (this.#connections.size >= maxConnections) {
      this.stats.connectionsRefused++
      if (this.#refusedThrottle.allows()) {
        this.#log.warn({ event: 'connections-refused', listener: this.name, maxConnections })
      }
      socket.destroy()
      return
    }
    this.stats.connectionsAccepted++
    this.stats.connections++
    // Resets are everyday life; both protocols report the end of their requests by other ways.
    socket.on('error', () => {})
    socket.once('close', () => this.#forget(socket))
    if (this.#tls !== undefined && !isUnixSocket) {
      this.#connections.set(socket, this.#acceptTls(socket, this.#tls))
      return
    }
    const mark = isUnixSocket ? markUnixPeer : () => {}
    mark(socket)
    const sniffed = this.#sniff(socket, (protocol) => {
      const connection = protocol === 'http2' ? this.#http2.accept(socket, mark) : this.#http1.accept(socket)
      this.#connections.set(socket, connection)
    })
    this.#connections.set(socket, sniffed)
  }

  #acceptTls(socket: Socket, tls: TlsTerminator): TlsConnection {
    const onSecure = (secured: TLSSocket, peer: TlsPeer | undefined) => {
      secured.on('error', () => {})
      const mark = (connection: object) => {
        if (peer !== undefined) markTlsPeer(connection, peer)
      }
      mark(secured)
      // The protocol is agreed on; what is looked for is that something comes.
      connection.inner = this.#sniff(secured, () => {
        const isHttp2 = secured.alpnProtocol === 'h2'
        connection.inner = isHttp2 ? this.#http2.accept(secured, mark) : this.#http1.accept(secured)
      })
    }
    const connection = new TlsConnection({
      socket,
      deadlineMs: performance.now() + this.#serving.sniffTimeoutMs,
      onTimeout: this.#onSniffTimeout,
      onHandshake: () => tls.accept(socket, onSecure),
      plainAnswer: () => this.#serving.rawAnswer({ status: 400, message: 'this port takes HTTPS only' }, 'Bad Request'),
    })
    return connection
  }

  #sniff(socket: Socket, onProtocol: (protocol: 'http1' | 'http2') => void): SniffedConnection {
    const deadlineMs = performance.now() + this.#serving.sniffTimeoutMs
    return new SniffedConnection(socket, deadlineMs, this.#onSniffTimeout, onProtocol)
  }

  readonly #onSniffTimeout = (): void => {
    this.stats.sniffTimeouts++
  }

  #forget(socket: Socket): void {
    this.#connections.delete(socket)
    this.stats.connections--
    if (this.#serving.draining && this.#connections.size === 0) this.#drained.resolve()
  }

  #sweep(): void {
    const nowMs = performance.now()
    const isLate = nowMs - this.#sweptAtMs > 2 * this.#serving.sweepIntervalMs
    this.#sweptAtMs = nowMs
    // A process that got no CPU for a while has not read what came in the meantime, and its clients were not silent. One
    // interval later it has; a second late sweep in a row counts, so that the limits hold on a slow machine too.
    this.#hasSkippedSweep = isLate && !this.#hasSkippedSweep
    if (this.#hasSkippedSweep) return
    for (const connection of this.#connections.values()) connection.sweep(nowMs)
  }

  readonly #onAcceptError = (error: Error): void => {
    if (this.#acceptThrottle.allows()) this.#log.error({ event: 'accept-failed', listener: this.name, err: error })
  }

  async #closeAll(): Promise<void> {
    this.#serving.draining = true
    // A start that fails has told its caller.
    await this.#started?.catch(() => {})
    const stopped = this.#stopAccepting()
    for (const connection of this.#connections.values()) connection.drain()
    this.#http1.closeIdle()
    const closer = setInterval(() => this.#http1.closeIdle(), drainIntervalMs)
    if (this.#connections.size > 0) await this.#drained.promise
    clearInterval(closer)
    clearInterval(this.#sweeper)
    clearTimeout(this.#graceTimer)
    this.#tls?.close()
    await stopped
    this.#http1.close()
    await this.app.close()
    this.addresses = []
    this.#log.info({ event: 'listener-closed', listener: this.name })
  }

  /** Resolves when the sockets are closed and all their connections gone; the socket file is gone at once. */
  async #stopAccepting(): Promise<void> {
    const closing = this.#servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          // One that never came to listen reports just that.
          server.close(() => resolve())
        }),
    )
    await Promise.all(closing)
  }

  #cutAll(): void {
    if (this.#connections.size > 0) {
      this.#log.warn({ event: 'connections-cut', listener: this.name, connections: this.#connections.size })
    }
    for (const connection of this.#connections.values()) connection.cut()
  }
}
