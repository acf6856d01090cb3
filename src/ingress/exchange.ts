import type { IncomingMessage, ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { IngressBodyTooLarge } from '../errors/ingress.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { Waiting } from '../partition/partition-client.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type Answer, ingressErrorAnswer } from './answer.ts'
import { challengeFor } from './auth/challenge.ts'
import type { IngressMetrics } from './metrics.ts'
import { readBody } from './read-body.ts'

/** Rests of bodies up to this size are read away after an early answer; for a longer one the connection is closed. */
const maxDiscardedBytes = 64 * 1024

/** Reason phrases that Node does not know; only HTTP/1 has them. */
const reasonPhrases: Readonly<Record<number, string>> = { 470: 'Not Ready' }

/**
 * One request and its answer. The answer is written past Fastify's reply: that one gives every body a content type and
 * takes no status above 599, and ingress passes on results without and terminal errors with them.
 */
export class Exchange {
  readonly request: IncomingMessage
  /** 999 for HTTP/1; Node's HTTP/2 takes no more than 599. */
  readonly maxStatus: 599 | 999
  /** Who calls, where that has been verified. */
  subject: string | undefined
  readonly #reply: FastifyReply
  readonly #response: ServerResponse
  readonly #log: Logger
  readonly #metrics: IngressMetrics
  readonly #startedAtMs: number
  #bodyRead = false
  #answered = false
  #callerGone = false
  #waiting: Waiting | undefined

  constructor(request: FastifyRequest, reply: FastifyReply, log: Logger, metrics: IngressMetrics) {
    this.request = request.raw
    this.maxStatus = request.raw.httpVersionMajor === 2 ? 599 : 999
    this.#reply = reply
    this.#response = reply.raw
    this.#log = log
    this.#metrics = metrics
    this.#startedAtMs = metrics.duration === undefined ? 0 : performance.now()
    metrics.admitted++
    this.#response.once('close', this.#onClose)
  }

  /** Reads the body, then runs `next` with it; what that throws is answered. */
  withBody(limitBytes: number, next: (body: Uint8Array) => Promise<void>): void {
    readBody(this.request, limitBytes, (body) => {
      if (body === 'too-large') {
        this.fail(new IngressBodyTooLarge(`the request body has more than ${limitBytes} bytes`))
      } else if (body !== 'aborted') {
        this.#bodyRead = true
        void this.run(() => next(body))
      }
    })
  }

  /** Runs a step that answers in the end; what it throws is answered. */
  async run(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Stops the waiting when the caller goes away. The invocation goes on. */
  cancelWithCaller(waiting: Waiting): Waiting {
    if (this.#callerGone) waiting.cancel()
    this.#waiting = waiting
    return waiting
  }

  fail(error: unknown): void {
    // Those with the status 500 are for operators: they name files and settings.
    if (error instanceof PerdureError && error.status !== 500) {
      this.answer(ingressErrorAnswer(error.status, error.message, challengeFor(error)))
      return
    }
    this.#log.error({ event: 'ingress-request-failed', err: error })
    this.answer(ingressErrorAnswer(500, 'internal error; the log of the server has the details'))
  }

  answer(answer: Answer): void {
    if (this.#answered || this.#callerGone) return
    const response = this.#response
    const headers: Record<string, string | number> = { ...answer.headers }
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
    if (body !== undefined) headers['content-length'] = body.length
    if (!this.#bodyRead) this.#giveUpBody(headers)

    this.#reply.hijack()
    const reason = reasonPhrases[answer.status]
    if (reason !== undefined && !(response instanceof Http2ServerResponse)) response.statusMessage = reason
    response.writeHead(answer.status, headers)
    this.#answered = true
    response.end(body)
    this.#metrics.outcomes[answer.outcome]++
    this.#metrics.duration?.observe((performance.now() - this.#startedAtMs) / 1000)
  }

  /** A body that nobody will read must not come: the connection, or the stream, ends with the answer. */
  #giveUpBody(headers: Record<string, string | number>): void {
    const { request } = this
    const response = this.#response
    if (response instanceof Http2ServerResponse) {
      // The listener ends the stream behind the answer.
      request.resume()
      return
    }
    const isLong = Number(request.headers['content-length'] ?? 0) > maxDiscardedBytes
    if (isLong || request.headers['transfer-encoding'] !== undefined) headers.connection = 'close'
  }

  readonly #onClose = (): void => {
    if (this.#answered) return
    this.#callerGone = true
    this.#metrics.abandoned++
    this.#waiting?.cancel()
  }
}
