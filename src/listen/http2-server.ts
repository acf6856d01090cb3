import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createServer,
  Http2ServerResponse,
  type Http2Session,
  type Http2Server as NodeHttp2Server,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import { Http2Connection } from './http2-connection.ts'
import { MeteredHttp2Request } from './http2-request.ts'
import { checkHttp2 } from './request-check.ts'
import type { Serving } from './serving.ts'
import { refusalOfClientName } from './tls-peers.ts'

type Response = Http2ServerResponse<MeteredHttp2Request>

/**
 * nghttp2 resets a stream whose headers pass what it is told, in number or size. It is told this many times the limit,
 * so that whoever is a little over it gets the 431 that says why.
 */
const refusalRoom = 2

const streamWindowBytes = 256 * 1024
const sessionWindowBytes = 1024 * 1024

/** Resets that a client may send at once beyond one for every stream it may have open, and then each second. */
const minResetBurst = 100
const resetsPerSecond = 33

/** HTTP/2 with prior knowledge over sockets that others accepted, through the compat API into Fastify. */
export class Http2Server {
  readonly #server: NodeHttp2Server<
    never,
    never,
    typeof MeteredHttp2Request,
    typeof Http2ServerResponse<MeteredHttp2Request>
  >
  readonly #serving: Serving
  readonly #connections = new Map<Http2Session, Http2Connection>()

  constructor(serving: Serving) {
    const { config } = serving
    this.#serving = serving
    this.#server = createServer(
      {
        settings: {
          maxConcurrentStreams: config.http2MaxConcurrentStreams,
          maxHeaderListSize: config.maxHeaderBytes * refusalRoom,
          initialWindowSize: streamWindowBytes,
        },
        maxHeaderListPairs: Math.max(128, config.maxHeaderCount * refusalRoom),
        maxSessionInvalidFrames: 100,
        maxSessionRejectedStreams: 100,
        streamResetBurst: Math.max(minResetBurst, config.http2MaxConcurrentStreams),
        streamResetRate: resetsPerSecond,
        Http2ServerRequest: MeteredHttp2Request,
        Http2ServerResponse: Http2ServerResponse<MeteredHttp2Request>,
      },
      (request, response) => this.#serve(request, response, false),
    )
    this.#server.on('checkContinue', (request, response) => this.#serve(request, response, true))
    this.#server.on('checkExpectation', (request, response) => this.#serve(request, response, false))
    this.#server.on('sessionError', () => serving.stats.sessionErrors++)
  }

  /** @param mark notes about a session, as it has been about the socket, where the client comes from */
  accept(socket: Socket, mark: (session: ServerHttp2Session) => void): Http2Connection {
    // HTTP/2 has no half-closed connections.
    socket.allowHalfOpen = false
    const session = this.#handshake(socket)
    mark(session)
    const connection = new Http2Connection(session, socket, this.#serving)
    this.#connections.set(session, connection)
    session.once('close', () => this.#connections.delete(session))
    session.setLocalWindowSize(sessionWindowBytes)
    return connection
  }

  #handshake(socket: Socket): ServerHttp2Session {
    let session: ServerHttp2Session | undefined
    this.#server.once('session', (created) => {
      session = created
    })
    this.#server.emit('connection', socket)
    if (session === undefined) throw new Error('the HTTP/2 server made no session for a connection')
    return session
  }

  #serve(request: MeteredHttp2Request, response: Response, expectsContinue: boolean): void {
    const serving = this.#serving
    const { stream } = request
    const { session } = stream
    const connection = session === undefined ? undefined : this.#connections.get(session)
    if (session === undefined || connection === undefined) return
    serving.stats.requests++
    // The compat API is made to be used in place of HTTP/1's classes; types do not say so.
    const http1Request = request as unknown as IncomingMessage
    const http1Response = response as unknown as ServerResponse
    const refusal =
      checkHttp2(request, serving.config) ??
      refusalOfClientName(session) ??
      serving.overload(http1Request, http1Response)
    if (refusal !== undefined) {
      connection.refuse(response, refusal)
      return
    }
    if (serving.config.concurrentRequestsLimit !== undefined) {
      serving.stats.requestsInProgress++
      stream.once('close', () => serving.stats.requestsInProgress--)
    }
    if (!stream.endAfterHeaders) {
      connection.watchBody(request, response)
      announceBody(request)
    }
    if (expectsContinue) response.writeContinue()
    serving.route(http1Request, http1Response)
  }
}

/**
 * Fastify takes a request without content type, length and transfer encoding to have no body, which holds for
 * HTTP/1 only. The header is not enumerable: whoever goes through the headers does not see it.
 */
function announceBody(request: MeteredHttp2Request): void {
  const { headers } = request
  if (headers['content-type'] !== undefined || headers['content-length'] !== undefined) return
  Object.defineProperty(headers, 'transfer-encoding', { value: 'chunked', enumerable: false })
}
