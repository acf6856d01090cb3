import type { onRequestHookHandler } from 'fastify'
import { HostNotAllowed, OriginNotAllowed } from '../errors/listen.ts'
import { arrivedOnUnixSocket } from './unix-peers.ts'

/**
 * A Fastify `onRequest` hook against web pages that reach for a local server: `app.addHook('onRequest', hostGuard(…))`.
 *
 * The Host must be a loopback name, the address that the connection came in on, or one of `allowedHosts` (names
 * without port; `[::1]` for IPv6); any port goes, because tunnels change it. Over the Unix socket any Host goes. An
 * `Origin` must be the Host itself, or one of `allowedHosts`; `Sec-Fetch-Site: cross-site` is refused, and so is `same-site` without an `Origin`: an
 * image or a link of a page on another port of this machine, and a GET of `/ingress/…` runs a handler.
 *
 * @throws HostNotAllowed, OriginNotAllowed inside the request: 403
 */
export function hostGuard(allowedHosts: readonly string[]): onRequestHookHandler {
  const allowed: ReadonlySet<string> = new Set(allowedHosts.map((host) => parseAuthority(host)?.hostname ?? host))
  return (request, _reply, done) => {
    const { headers, socket } = request.raw
    const host = parseAuthority(headers.host ?? authorityOf(headers) ?? '')
    const isLocalName = (hostname: string) =>
      isLoopback(hostname) || allowed.has(hostname) || hostname === localAddress(socket.localAddress)

    if (!arrivedOnUnixSocket(request.raw) && (host === undefined || !isLocalName(host.hostname))) {
      const shown = JSON.stringify(host?.hostname ?? '')
      done(
        new HostNotAllowed(
          `the Host header names ${shown}, which this server does not answer for; use localhost, or add the name to admin.allowed-hosts`,
        ),
      )
      return
    }
    const { origin } = headers
    if (origin !== undefined) {
      const from = /^https?:\/\/(.+)$/.exec(origin)?.[1]
      const source = from === undefined ? undefined : parseAuthority(from)
      const isOwn =
        source !== undefined &&
        isLocalName(source.hostname) &&
        (source.authority === host?.authority || allowed.has(source.hostname))
      if (!isOwn) {
        done(new OriginNotAllowed(`requests from pages of the origin ${JSON.stringify(origin)} are refused`))
        return
      }
    }
    const site = headers['sec-fetch-site']
    if (site === 'cross-site' || (site === 'same-site' && origin === undefined)) {
      done(new OriginNotAllowed(`requests from pages of other sites are refused (Sec-Fetch-Site: ${site})`))
      return
    }
    done()
  }
}

interface Authority {
  /** Lower case, with port. */
  readonly authority: string
  /** Lower case, without port and final dot; IPv6 without brackets. */
  readonly hostname: string
}

function parseAuthority(text: string): Authority | undefined {
  const authority = text.toLowerCase()
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{0,5})?$/.exec(authority)
  if (match === null) return undefined
  const hostname = match[1] ?? match[2]?.replace(/\.$/, '') ?? ''
  return { authority, hostname }
}

function authorityOf(headers: Readonly<Record<string, unknown>>): string | undefined {
  const authority = headers[':authority']
  return typeof authority === 'string' ? authority : undefined
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** IPv4 clients of a dual-stack socket are shown as `::ffff:a.b.c.d`. */
function localAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/, '').toLowerCase()
}
