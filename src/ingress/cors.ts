import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IngressServerConfig } from './context.ts'

export interface CorsConfig {
  /** Origins as browsers send them, or `*` for every one. Empty: no page of another origin may read an answer. */
  readonly allowedOrigins: readonly string[]
  /** Answer as the peer does when every origin is allowed: mirror it, with credentials, and take every OPTIONS. */
  readonly likePeer: boolean
}

/** The rules of a configuration; `undefined`: nothing is ever done for any origin. */
export function corsOf({
  ingress,
  compatibility,
}: Pick<IngressServerConfig, 'ingress' | 'compatibility'>): Cors | undefined {
  const cors = new Cors({ allowedOrigins: ingress.corsAllowedOrigins, likePeer: compatibility === 'restate' })
  return cors.off ? undefined : cors
}

const exposedHeaders = 'x-restate-id, x-restate-error-source, idempotency-expires'
const preflightMaxAgeSeconds = '600'
const headerNames = /^[!#$%&'*+.^_`|~0-9A-Za-z, \t-]*$/

/** Cross-origin rules (Fetch standard): which pages may call, and see, ingress. */
export class Cors {
  readonly #origins: ReadonlySet<string>
  readonly #any: boolean
  readonly #mirror: boolean

  constructor(config: CorsConfig) {
    this.#origins = new Set(config.allowedOrigins)
    this.#any = this.#origins.has('*')
    this.#mirror = this.#any && config.likePeer
  }

  /** Nothing is ever done for any origin: callers need not ask. */
  get off(): boolean {
    return this.#origins.size === 0
  }

  /** Sets the headers of a response. True: the request is a preflight, and the response needs no more than its end. */
  apply(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers
    const allowed = origin !== undefined && (this.#any || this.#origins.has(origin))
    if (this.#mirror) {
      response.setHeader('vary', 'origin, access-control-request-method, access-control-request-headers')
      response.setHeader('access-control-allow-credentials', 'true')
    } else if (!this.#any) response.setHeader('vary', 'origin')
    if (allowed) {
      response.setHeader('access-control-allow-origin', this.#any && !this.#mirror ? '*' : origin)
      // Credentials are for origins that somebody has named.
      if (!this.#any) response.setHeader('access-control-allow-credentials', 'true')
    }

    const method = request.headers['access-control-request-method']
    const isPreflight = request.method === 'OPTIONS' && (this.#mirror || (allowed && method !== undefined))
    if (!isPreflight) {
      if (allowed && !this.#mirror) response.setHeader('access-control-expose-headers', exposedHeaders)
      return false
    }
    const wanted = request.headers['access-control-request-headers']
    if (wanted !== undefined && headerNames.test(wanted)) response.setHeader('access-control-allow-headers', wanted)
    if (!this.#mirror) {
      response.setHeader('access-control-allow-methods', 'GET, POST')
      response.setHeader('access-control-max-age', preflightMaxAgeSeconds)
    } else if (method !== undefined) response.setHeader('access-control-allow-methods', method)
    return true
  }
}
