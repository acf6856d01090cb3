import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { STATUS_CODES } from '../platform/node-http.ts'
import { BodyProgress, type Connection } from './connection.ts'
import type { Refusal } from './error-answer.ts'
import type { Serving } from './serving.ts'

/** How long a refused upload may go on into the void, so that its sender gets to read the answer before a reset. */
const lingerMs = 2000

/** One HTTP/1.x connection. Node parses and keeps the header and keep-alive timers; this adds what Node lacks. */
export class Http1Connection implements Connection {
  readonly #socket: Socket
  readonly #serving: Serving
  readonly #progress = new BodyProgress()
  /** Of the newest request; with pipelining there may be older ones that wait for their answer. */
  #request: IncomingMessage | undefined
  #response: ServerResponse | undefined
  /** The last answer has been given: nothing that still comes counts. */
  #closing = false
  #destroyAtMs = Number.POSITIVE_INFINITY
  #inProgress = 0
  #isDraining = false

  constructor(socket: Socket, serving: Serving) {
    this.#socket = socket
    this.#serving = serving
    const destroySoon = socket.destroySoon.bind(socket)
    // Node calls this after a response with `connection: close`.
    socket.destroySoon = () => {
      this.#closing = true
      if (this.#request === undefined || this.#request.complete) destroySoon()
      else this.#linger()
    }
    socket.once('close', this.#onClose)
  }

  /** Takes note of a request. False: the connection has had its last answer, and the request must not run. */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#closing) return false
    this.#request = request
    this.#response = response
    this.#progress.restart()
    if (this.#isDraining || this.#serving.draining) response.shouldKeepAlive = false
    return true
  }

  /** Counts the newest request as in progress until its response closes, or the connection. */
  hold(response: ServerResponse): void {
    this.#inProgress++
    this.#serving.stats.requestsInProgress++
    response.once('close', this.#release)
  }

  readonly #release = (): void => {
    if (this.#inProgress === 0) return
    this.#inProgress--
    this.#serving.stats.requestsInProgress--
  }

  readonly #onClose = (): void => {
    // Responses that were queued behind another one get no close event of their own.
    this.#serving.stats.requestsInProgress -= this.#inProgress
    this.#inProgress = 0
    this.#request = undefined
    this.#response = undefined
  }

  /** Answers a well-formed request that must not reach a route. */
  refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0
    // Whoever may send the same again at once keeps the connection; whoever broke a rule does not.
    if (refusal.status !== 429 || hasBody) {
      response.shouldKeepAlive = false
      this.#closing = true
    }
    this.#serving.answer(response, refusal)
  }

  /** Answers what the parser could not take, if the answer can still have its place on the wire, and closes. */
  reject(refusal: Refusal): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#mayWriteRaw()) {
      this.#socket.write(this.#serving.rawAnswer(refusal, STATUS_CODES[refusal.status] ?? ''))
      this.#linger()
    } else this.#socket.destroy()
  }

  sweep(nowMs: number): void {
    if (nowMs >= this.#destroyAtMs) {
      this.#socket.destroy()
      return
    }
    this.#watchAnswers()
    const request = this.#request
    if (this.#closing || request === undefined) return
    if (request.complete) {
      if (this.#response?.writableFinished === true) {
        this.#request = undefined
        this.#response = undefined
      }
      return
    }
    const { bodyTimeoutMs } = this.#serving.config
    if (this.#progress.silentForMs(this.#socket.bytesRead, nowMs) < bodyTimeoutMs) return
    this.#closing = true
    if (!this.#mayWriteRaw()) {
      this.#socket.destroy()
      return
    }
    const refusal = { status: 408, message: `the request body did not arrive: silence for ${bodyTimeoutMs} ms` }
    // No lingering: were the body to come after all, its route would run.
    this.#socket.end(this.#serving.rawAnswer(refusal, STATUS_CODES[408] ?? ''), () => this.#socket.destroy())
    this.#destroyAtMs = nowMs
  }

  /**
   * Has Node destroy the connection when nothing of what waits to be sent is taken for too long. Node's timer of the socket knows of writes that are
   * half done; between two requests it is Node's own, and during one there is none.
   */
  #watchAnswers(): void {
    const socket = this.#socket
    const { answerTimeoutMs } = this.#serving
    if (socket.writableLength > 0) {
      if (socket.timeout !== answerTimeoutMs) socket.setTimeout(answerTimeoutMs)
    } else if (socket.timeout === answerTimeoutMs && this.#response?.writableFinished === false) socket.setTimeout(0)
  }

  drain(): void {
    this.#isDraining = true
    if (this.#response !== undefined && !this.#response.headersSent) this.#response.shouldKeepAlive = false
  }

  cut(): void {
    this.#socket.destroy()
  }

  /**
   * Raw bytes are in order when every answer so far is complete, or when the next one due is that of the request whose
   * body is bad and it has not begun.
   */
  #mayWriteRaw(): boolean {
    const response = this.#response
    if (!this.#socket.writable) return false
    if (response === undefined || this.#request === undefined) return true
    if (this.#request.complete) return response.writableFinished
    return response.socket !== null && !response.headersSent
  }

  #linger(): void {
    this.#socket.end()
    this.#destroyAtMs = Math.min(this.#destroyAtMs, performance.now() + lingerMs)
  }
}
