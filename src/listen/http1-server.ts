import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createServer } from '../platform/node-http.ts'
import type { Connection } from './connection.ts'
import type { Refusal } from './error-answer.ts'
import { Http1Connection } from './http1-connection.ts'
import { systemCode } from './listen-on.ts'
import { checkHttp1, headersTooLarge } from './request-check.ts'
import type { Serving } from './serving.ts'
import { refusalOfClientName } from './tls-peers.ts'

/**
 * HTTP/1.x over sockets that others accepted. Node's strict parser refuses what could be read in two ways (both
 * Content-Length and Transfer-Encoding, bare line feeds, folded headers); its header and keep-alive timers run.
 */
export class Http1Server {
  readonly server: Server
  readonly #serving: Serving
  readonly #connections = new Map<Socket, Http1Connection>()

  constructor(serving: Serving) {
    const { config, sweepIntervalMs } = serving
    this.#serving = serving
    this.server = createServer(
      {
        // Node refuses when the limit is reached, not when it is passed.
        maxHeaderSize: config.maxHeaderBytes + 1,
        headersTimeout: config.headersTimeoutMs,
        // Bounds a whole request, however well it flows; the sweep watches for silence instead.
        requestTimeout: 0,
        keepAliveTimeout: config.idleTimeoutMs,
        connectionsCheckingInterval: sweepIntervalMs,
        insecureHTTPParser: false,
        // Checked here, to answer with a body.
        requireHostHeader: false,
      },
      (request, response) => this.#serve(request, response, false),
    )
    // Node would drop the headers past its limit; here the request is refused.
    this.server.maxHeadersCount = 0
    this.server.on('checkContinue', (request, response) => this.#serve(request, response, true))
    // Other expectations may be ignored (RFC 9110 section 10.1.1), as the peer does; Node would answer past all limits.
    this.server.on('checkExpectation', (request, response) => this.#serve(request, response, false))
    // Node would close the connection without a word.
    this.server.on('connect', (request) => {
      this.#connections
        .get(request.socket)
        ?.reject({ status: 405, message: 'CONNECT is not allowed: this is no proxy' })
    })
  }

  start(): void {
    // A server that does not listen itself starts its header timers on this event only.
    this.server.emit('listening')
  }

  accept(socket: Socket): Connection {
    const connection = new Http1Connection(socket, this.#serving)
    this.#connections.set(socket, connection)
    socket.once('close', () => this.#connections.delete(socket))
    this.server.emit('connection', socket)
    // The sniffer paused it; the bytes that it put back must flow.
    process.nextTick(() => socket.resume())
    return connection
  }

  /** For Fastify, which subscribes it to `clientError`. */
  readonly onClientError = (error: Error, socket: Socket): void => {
    const connection = this.#connections.get(socket)
    const refusal = this.#refusalOf(systemCode(error))
    if (connection === undefined || refusal === undefined) socket.destroy()
    else connection.reject(refusal)
  }

  /** Closes connections between two requests; those that become idle while draining need it again. */
  closeIdle(): void {
    this.server.closeIdleConnections()
  }

  /** Stops the timers. Connections are the listener's to close. */
  close(): void {
    // It never listened, so that this only reports it.
    this.server.close(() => {})
  }

  #serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const serving = this.#serving
    const connection = this.#connections.get(request.socket)
    if (connection === undefined || !connection.begin(request, response)) return
    serving.stats.requests++
    const refusal =
      checkHttp1(request, request.httpVersion, serving.config) ??
      refusalOfClientName(request.socket) ??
      serving.overload(request, response)
    if (refusal !== undefined) {
      connection.refuse(request, response, refusal)
      return
    }
    if (serving.config.concurrentRequestsLimit !== undefined) connection.hold(response)
    if (expectsContinue) response.writeContinue()
    serving.route(request, response)
  }

  #refusalOf(code: string): Refusal | undefined {
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      const { headersTimeoutMs } = this.#serving.config
      return { status: 408, message: `the request headers did not arrive within ${headersTimeoutMs} ms` }
    }
    if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge(this.#serving.config)
    if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return { status: 413, message: 'chunk extensions are too large' }
    if (code.startsWith('HPE_')) return { status: 400, message: `malformed HTTP request (${code})` }
    return undefined
  }
}
