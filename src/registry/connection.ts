import { once } from 'node:events'
import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type EgressPolicy, portOf } from '../invoker/egress/egress-policy.ts'

/** How connections to deployments are opened. */
export interface Dialer {
  readonly egress: EgressPolicy
  /** PEM certificates to trust in place of the runtime's. */
  readonly ca?: string
  /** `net.connect`, unless a test records what it is asked for. */
  readonly connectTcp?: (options: TcpNetConnectOpts) => Socket
}

export interface Connection {
  readonly socket: Socket
  /** What the peer agreed to (https), or is expected to speak (http). */
  readonly protocol: 'h2' | 'http/1.1'
}

/**
 * Opens one connection, after the egress policy has agreed to URL and resolved address. http is HTTP/2 with prior
 * knowledge unless HTTP/1.1 is asked for; https takes what ALPN finds. Rejects with the socket's own error.
 */
export async function openConnection(
  url: URL,
  useHttp11: boolean,
  dialer: Dialer,
  signal: AbortSignal,
): Promise<Connection> {
  dialer.egress.checkUrl(url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = portOf(url)
  const tcp = (dialer.connectTcp ?? connect)({ host, port, lookup: dialer.egress.lookupFor(port), noDelay: true })
  const sockets: Socket[] = [tcp]
  try {
    await once(tcp, 'connect', { signal })
    if (url.protocol === 'http:') return { socket: tcp, protocol: useHttp11 ? 'http/1.1' : 'h2' }
    const tls = connectTls({
      socket: tcp,
      host,
      ALPNProtocols: useHttp11 ? ['http/1.1'] : ['h2', 'http/1.1'],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(dialer.ca === undefined ? {} : { ca: dialer.ca }),
    })
    sockets.push(tls)
    await once(tls, 'secureConnect', { signal })
    return { socket: tls, protocol: tls.alpnProtocol === 'h2' ? 'h2' : 'http/1.1' }
  } catch (error) {
    for (const socket of sockets) {
      // What it still has to say is of no interest, but must not be an unhandled error.
      socket.on('error', () => {})
      socket.destroy()
    }
    throw error
  }
}
