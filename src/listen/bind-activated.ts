import { fstatSync, readFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { ActivationInvalid } from '../errors/listen.ts'
import { type BoundAddress, type TcpScheme, tcpAddress, unixAddress } from './bound-address.ts'
import { listenOn, systemCode } from './listen-on.ts'

/**
 * Accepts on a socket that a service manager bound. It and its file, if it has one, stay when the server closes.
 *
 * @param listener for errors
 * @throws ActivationInvalid when the descriptor is closed, or not of a listening stream socket
 */
export async function bindActivated(
  server: Server,
  fd: number,
  listener: string,
  scheme: TcpScheme,
): Promise<BoundAddress> {
  try {
    await listenOn(server, { fd })
  } catch (error) {
    throw new ActivationInvalid(
      `the passed socket ${fd}, for ${listener}, cannot be listened on (${systemCode(error)}): it must be open, and of the kind that ListenStream= with Accept=no makes`,
      { cause: error },
    )
  }
  const address = server.address()
  if (address !== null && typeof address !== 'string') return tcpAddress(address.address, address.port, scheme)
  return unixAddress(pathOfSocket(fd) ?? `/dev/fd/${fd}`)
}

/** Node does not tell the path of a socket that it did not bind; the kernel lists it by inode. */
function pathOfSocket(fd: number): string | undefined {
  try {
    const inode = String(fstatSync(fd).ino)
    for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
      const [, , , , , , lineInode, ...path] = line.trim().split(/\s+/)
      if (lineInode === inode && path.length > 0) return path.join(' ')
    }
  } catch {
    // Not Linux, or no /proc.
  }
  return undefined
}
