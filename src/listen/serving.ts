import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ListenerConfig } from '../config/config.ts'
import type { FormatError, Refusal } from './error-answer.ts'
import { countRefusal, type ListenerStats } from './listener-stats.ts'

export type Route = (request: IncomingMessage, response: ServerResponse) => void

/** Whether a request passes although too many are in progress. May set headers of the answer that it gets else. */
export type Exempt = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * How much longer than a body an answer may stand still. The kernel says that a reader takes something only when a third of its buffer is free again,
 * which may be megabytes: after minutes, when the reader takes 10 KiB a second.
 */
const answerPatience = 10

/** What the two protocol servers of one listener share. */
export class Serving {
  readonly listener: string
  readonly config: ListenerConfig
  readonly stats: ListenerStats
  readonly formatError: FormatError
  readonly sweepIntervalMs: number
  /** For how long nothing of an answer may be taken. */
  readonly answerTimeoutMs: number
  /** Into Fastify. */
  readonly route: Route
  readonly #exempt: Exempt
  /** Set when the listener closes: every answer is then the last one of its connection. */
  draining = false

  constructor(
    listener: string,
    config: ListenerConfig,
    stats: ListenerStats,
    formatError: FormatError,
    route: Route,
    exempt: Exempt = () => false,
  ) {
    this.listener = listener
    this.config = config
    this.stats = stats
    this.formatError = formatError
    this.route = route
    this.#exempt = exempt
    this.answerTimeoutMs = config.bodyTimeoutMs * answerPatience
    const shortestMs = Math.min(config.headersTimeoutMs, config.bodyTimeoutMs, config.idleTimeoutMs)
    this.sweepIntervalMs = Math.max(20, Math.min(1000, Math.floor(shortestMs / 4)))
  }

  /** Connections on which nothing, or too little to tell the protocol, has come are closed after this time. */
  get sniffTimeoutMs(): number {
    return Math.min(5000, this.config.headersTimeoutMs)
  }

  /** The refusal of a request over the limit, if this is one. */
  overload(request: IncomingMessage, response: ServerResponse): Refusal | undefined {
    const limit = this.config.concurrentRequestsLimit
    if (limit === undefined || this.stats.requestsInProgress < limit) return undefined
    if (this.#exempt(request, response)) return undefined
    return { status: 429, message: `too many requests, the ${this.listener} is overloaded. Retry later.` }
  }

  /** Ends a response that no route has touched. */
  answer(response: AnswerTarget, refusal: Refusal): void {
    countRefusal(this.stats, refusal.status)
    const { headers, body } = this.formatError(refusal.status, refusal.message)
    response.statusCode = refusal.status
    for (const name in headers) response.setHeader(name, headers[name] ?? '')
    response.setHeader('content-length', Buffer.byteLength(body))
    response.end(body)
  }

  /** The same as bytes, for connections on which HTTP/1.1 has broken down. */
  rawAnswer(refusal: Refusal, reason: string): string {
    countRefusal(this.stats, refusal.status)
    const { headers, body } = this.formatError(refusal.status, refusal.message)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return `HTTP/1.1 ${refusal.status} ${reason}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  }
}

/** What the responses of both protocols have in common. */
interface AnswerTarget {
  statusCode: number
  setHeader(name: string, value: string | number): unknown
  end(body: string): unknown
}
