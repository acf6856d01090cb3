import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gaxios } from 'google-auth-library'
import { GcpMintFailed } from '../errors/gcp.ts'
import { isGoogleApi } from './google-host.ts'

export interface TransportOptions {
  /** Ends all requests and the pauses between their repetitions. */
  readonly signal: AbortSignal
  /** Beside Google's API hosts: the metadata server, the place where a subject token is fetched. */
  readonly origins: readonly string[]
  /** For tests: another URL to send a request to, after the check of where it should go. */
  readonly redirect?: ((url: URL) => URL) | undefined
}

const maxAnswerBytes = 1024 * 1024

/**
 * The one way out for token traffic, which the egress policy of deployments does not apply to: requests go to Google's
 * API hosts and the named origins, to nobody else, also not by a redirect of those. The library repeats a request up
 * to three times on 408, 429, 5xx and lost connections, so nothing here does.
 */
export function tokenTransport(options: TransportOptions): gaxios.Gaxios {
  const { signal } = options
  const direct = new Agent()
  const transport = new gaxios.Gaxios({
    signal,
    redirect: 'error',
    size: maxAnswerBytes,
    headers: { 'user-agent': 'perdure' },
    retryConfig: {
      httpMethodsToRetry: ['GET', 'POST'],
      retryBackoff: (_error, delayMs) => sleep(delayMs, undefined, { signal }),
    },
    adapter: (request, send) => {
      const url = options.redirect?.(request.url) ?? request.url
      // A proxy is for TLS, through which it sees nothing; the metadata server is on this machine.
      return send(url.protocol === 'http:' ? { ...request, url, agent: direct } : { ...request, url })
    },
  })
  transport.interceptors.request.add({
    resolved: async (request) => {
      const { url } = request
      if (!isGoogleApi(url) && !options.origins.includes(url.origin)) {
        throw new GcpMintFailed(`credentials are not sent to ${url.origin}: it is not a host of Google's APIs.`)
      }
      return request
    },
  })
  return transport
}
