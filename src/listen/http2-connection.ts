import { constants, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { BodyProgress, type Connection } from './connection.ts'
import type { Refusal } from './error-answer.ts'
import type { MeteredHttp2Request } from './http2-request.ts'
import type { Serving } from './serving.ts'

/** How long a peer may take to close its side after GOAWAY. */
const closeTimeoutMs = 2000

/** PING and SETTINGS that a client may send between two sweeps: each is answered, and nghttp2 bounds only unread answers. */
const maxControlFrames = 1000

interface Upload {
  readonly response: Http2ServerResponse<MeteredHttp2Request>
  readonly progress: BodyProgress
}

/** One HTTP/2 session and its socket. */
export class Http2Connection implements Connection {
  readonly #session: ServerHttp2Session
  readonly #socket: Socket
  readonly #serving: Serving
  readonly #uploads = new Map<MeteredHttp2Request, Upload>()
  #openStreams = 0
  #controlFrames = 0
  #idleSinceMs: number | undefined
  #destroyAtMs = Number.POSITIVE_INFINITY

  constructor(session: ServerHttp2Session, socket: Socket, serving: Serving) {
    this.#session = session
    this.#socket = socket
    this.#serving = serving
    session.on('stream', (stream) => {
      this.#openStreams++
      stream.once('close', () => {
        this.#openStreams--
        this.#idleSinceMs = undefined
      })
    })
    session.on('ping', this.#countControlFrame)
    session.on('remoteSettings', this.#countControlFrame)
  }

  /** Watches the body of a request until it is complete. */
  watchBody(request: MeteredHttp2Request, response: Http2ServerResponse<MeteredHttp2Request>): void {
    this.#uploads.set(request, { response, progress: new BodyProgress() })
    request.stream.once('close', () => this.#uploads.delete(request))
  }

  /** Answers a request that must not reach a route. What it still sends is not waited for. */
  refuse(response: Http2ServerResponse<MeteredHttp2Request>, refusal: Refusal): void {
    const { stream } = response
    // The response itself says `finish` only when the whole stream is closed.
    stream.once('finish', () => {
      if (!stream.endAfterHeaders) stream.close(constants.NGHTTP2_NO_ERROR)
    })
    this.#serving.answer(response, refusal)
  }

  sweep(nowMs: number): void {
    this.#controlFrames = 0
    if (nowMs >= this.#destroyAtMs) {
      this.cut()
      return
    }
    if (this.#openStreams === 0) {
      this.#idleSinceMs ??= nowMs
      if (nowMs - this.#idleSinceMs >= this.#serving.config.idleTimeoutMs) this.#close(nowMs)
      return
    }
    const { bodyTimeoutMs } = this.#serving.config
    for (const [request, { response, progress }] of this.#uploads) {
      if (request.complete) this.#uploads.delete(request)
      else if (progress.silentForMs(request.bodyBytes, nowMs) >= bodyTimeoutMs) {
        this.#uploads.delete(request)
        this.#timeOut(request, response, bodyTimeoutMs)
      }
    }
  }

  drain(): void {
    // Sends GOAWAY; open streams go on, and the session closes after the last.
    this.#session.close()
  }

  cut(): void {
    this.#session.destroy()
    this.#socket.destroy()
  }

  readonly #countControlFrame = (): void => {
    this.#controlFrames++
    if (this.#controlFrames <= maxControlFrames || this.#session.destroyed) return
    this.#session.destroy(new Error('too many control frames'), constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  #timeOut(
    request: MeteredHttp2Request,
    response: Http2ServerResponse<MeteredHttp2Request>,
    bodyTimeoutMs: number,
  ): void {
    if (response.headersSent) {
      request.stream.close(constants.NGHTTP2_CANCEL)
      return
    }
    this.refuse(response, {
      status: 408,
      message: `the request body did not arrive: silence for ${bodyTimeoutMs} ms`,
    })
  }

  #close(nowMs: number): void {
    if (this.#destroyAtMs !== Number.POSITIVE_INFINITY) return
    this.#destroyAtMs = nowMs + closeTimeoutMs
    this.#session.close()
  }
}
