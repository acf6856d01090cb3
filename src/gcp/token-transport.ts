import { Agent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gaxios } from 'google-auth-library'
import { GcpMintFailed } from '../errors/gcp.ts'
import { isGoogleApi } from './google-host.ts'
import { usesProxy } from './proxy-use.ts'

export interface TransportOptions {
  /** Ends all requests and the pauses between their repetitions. */
  readonly signal: AbortSignal
  /** Beside Google's API hosts: the metadata server, the place where a subject token is fetched. */
  readonly origins: readonly string[]
  /** For tests: another URL to send a request to, after the check of where it should go. */
  readonly redirect?: ((url: URL) => URL) | undefined
  /** Hears of each request before it is made. */
  readonly onRequest?: (url: URL) => void
}

const maxAnswerBytes = 1024 * 1024
const formType = 'application/x-www-form-urlencoded;charset=UTF-8'

/**
 * The one way out for token traffic, which the egress policy of deployments does not apply to: requests go to Google's
 * API hosts and the named origins, to nobody else, also not by a redirect of those. The library repeats a request up
 * to three times on 408, 429, 5xx and lost connections, so nothing here does.
 */
export function tokenTransport(options: TransportOptions): gaxios.Gaxios {
  const { signal } = options
  const direct = { http: new Agent(), https: new TlsAgent() }
  const transport = new gaxios.Gaxios({
    signal,
    redirect: 'error',
    size: maxAnswerBytes,
    headers: { 'user-agent': 'perdure' },
    retryConfig: {
      httpMethodsToRetry: ['GET', 'POST'],
      retryBackoff: (_error, delayMs) => sleep(delayMs, undefined, { signal }),
    },
    adapter: (asked, send) => {
      const url = options.redirect?.(asked.url) ?? asked.url
      const request = withHeardBody(asked)
      // Without an agent of ours the library's proxy is used.
      if (usesProxy(url, process.env)) return send({ ...request, url })
      return send({ ...request, url, agent: url.protocol === 'http:' ? direct.http : direct.https })
    },
  })
  transport.interceptors.request.add({
    resolved: async (request) => {
      const { url } = request
      if (!isGoogleApi(url) && !options.origins.includes(url.origin)) {
        throw new GcpMintFailed(`credentials are not sent to ${url.origin}: it is not a host of Google's APIs.`)
      }
      options.onRequest?.(url)
      return request
    },
  })
  return transport
}

type Request = Parameters<gaxios.GaxiosOptions['adapter'] & {}>[0]

/**
 * The library makes a stream of a text, and when the signal has aborted by the time that the request is made, it destroys
 * that with an error that nobody hears, which would end the process. To a body that is a stream it listens.
 */
function withHeardBody(request: Request): Request {
  const { body } = request
  if (typeof body !== 'string' && !(body instanceof URLSearchParams)) return request
  const bytes = Buffer.from(String(body))
  const headers = new Headers(request.headers)
  headers.set('content-length', String(bytes.length))
  if (!headers.has('content-type')) {
    headers.set('content-type', typeof body === 'string' ? 'text/plain;charset=UTF-8' : formType)
  }
  return { ...request, headers, body: Readable.from([bytes]) }
}
