import { constants, type Http2ServerResponse, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { BodyProgress, type Connection } from './connection.ts'
import type { Refusal } from './error-answer.ts'
import type { MeteredHttp2Request } from './http2-request.ts'
import type { Serving } from './serving.ts'

/** How long a peer may take to close its side after GOAWAY. */
const closeTimeoutMs = 2000

/** How long a client has to stop by itself after its answer: some lose what they have not read yet when they are told to. */
const lingerMs = 500

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
  readonly #streams = new Set<ServerHttp2Stream>()
  /** Whose answer is written, and whose request is not waited for; since when, ms. */
  readonly #answered = new Map<ServerHttp2Stream, number>()
  readonly #watchedAnswers = new WeakSet<ServerHttp2Stream>()
  #controlFrames = 0
  #idleSinceMs: number | undefined
  #destroyAtMs = Number.POSITIVE_INFINITY

  constructor(session: ServerHttp2Session, socket: Socket, serving: Serving) {
    this.#session = session
    this.#socket = socket
    this.#serving = serving
    session.on('stream', (stream) => {
      this.#streams.add(stream)
      stream.once('close', () => {
        this.#streams.delete(stream)
        this.#answered.delete(stream)
        this.#idleSinceMs = undefined
      })
    })
    session.on('ping', this.#countControlFrame)
    session.on('remoteSettings', this.#countControlFrame)
  }

  /** Watches the body of a request until it is complete. */
  watchBody(request: MeteredHttp2Request, response: Http2ServerResponse<MeteredHttp2Request>): void {
    const { stream } = request
    this.#uploads.set(request, { response, progress: new BodyProgress() })
    stream.once('close', () => this.#uploads.delete(request))
    // Who has been answered need not send the rest, and could do so without end.
    this.#endBehindAnswer(stream, () => !request.complete)
  }

  /** Answers a request that must not reach a route. What it still sends is not waited for. */
  refuse(response: Http2ServerResponse<MeteredHttp2Request>, refusal: Refusal): void {
    const { stream } = response
    this.#endBehindAnswer(stream, () => !stream.endAfterHeaders)
    this.#serving.answer(response, refusal)
  }

  sweep(nowMs: number): void {
    this.#controlFrames = 0
    if (nowMs >= this.#destroyAtMs) {
      this.cut()
      return
    }
    if (this.#streams.size === 0) {
      this.#idleSinceMs ??= nowMs
      if (nowMs - this.#idleSinceMs >= this.#serving.config.idleTimeoutMs) this.#close(nowMs)
      return
    }
    for (const [stream, sinceMs] of this.#answered) if (nowMs - sinceMs >= lingerMs) closeAnswered(stream)
    for (const stream of this.#streams) {
      if (isGone(stream)) stream.destroy()
      else this.#watchAnswer(stream)
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

  /** The response itself says `finish` only when the whole stream is closed. */
  #endBehindAnswer(stream: ServerHttp2Stream, isWanted: () => boolean): void {
    stream.once('finish', () => {
      if (stream.destroyed || !isWanted()) return
      this.#answered.set(stream, performance.now())
      // Node resets at once what nobody has begun to read.
      if (stream.readableFlowing === null) stream.resume()
    })
  }

  /** Ends a stream of whose answer nothing is taken for too long; frames of other streams count as taking. */
  #watchAnswer(stream: ServerHttp2Stream): void {
    if (stream.writableLength === 0 || this.#watchedAnswers.has(stream)) return
    this.#watchedAnswers.add(stream)
    stream.setTimeout(this.#serving.answerTimeoutMs, () => {
      // An answer that comes in pieces may have nothing to send for longer.
      if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL)
    })
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

/** An answer is whole with its end: a stream that is reset without an error after it, and only after it, is none that failed (RFC 9113 section 8.1). */
function closeAnswered(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR)
}

/**
 * A client may reset a stream with NO_ERROR. What was still to be written then never gets written, and Node waits for it, without an
 * event: it only forgets the stream below.
 */
function isGone(stream: ServerHttp2Stream): boolean {
  return stream.closed && !stream.destroyed && stream.state.state === constants.NGHTTP2_STREAM_STATE_IDLE
}
