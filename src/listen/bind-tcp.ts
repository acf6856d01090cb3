import type { Server } from 'node:net'
import { AddressInUse, BindFailed } from '../errors/listen.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type BoundAddress, type TcpScheme, tcpAddress } from './bound-address.ts'
import { listenOn, systemCode } from './listen-on.ts'

/** What the kernel says to `::` when it has no IPv6. */
const noIpv6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT'])

/**
 * Binds a TCP socket. `::` is dual-stack; on a machine without IPv6 it becomes `0.0.0.0`, which is logged.
 *
 * @param key configuration key of the port, for errors
 * @throws AddressInUse, BindFailed
 */
export async function bindTcp(
  server: Server,
  ip: string,
  port: number,
  key: string,
  log: Logger,
  scheme: TcpScheme = 'http',
): Promise<BoundAddress> {
  try {
    await listenOn(server, { host: ip, port })
  } catch (error) {
    const code = systemCode(error)
    if (ip === '::' && noIpv6.has(code)) {
      log.warn({ event: 'ipv6-unavailable', key, code, fallback: '0.0.0.0' })
      return bindTcp(server, '0.0.0.0', port, key, log, scheme)
    }
    const { url } = tcpAddress(ip, port, scheme)
    if (code === 'EADDRINUSE') {
      throw new AddressInUse(`${url} is in use by another process; stop it or set ${key} to a free port`, {
        cause: error,
      })
    }
    throw new BindFailed(`cannot listen on ${url}; check ${key} and bind-ip beside it (${code})`, { cause: error })
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no TCP address')
  return tcpAddress(address.address, address.port, scheme)
}
