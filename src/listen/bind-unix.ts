import { chmod, lchown, lstat, mkdir, stat, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { dirname, relative } from 'node:path'
import { pathExposureOf } from '../config/path-exposure.ts'
import {
  BindFailed,
  SocketGroupDenied,
  SocketGroupUnknown,
  SocketInUse,
  SocketPathOccupied,
  SocketPathTooLong,
} from '../errors/listen.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type BoundAddress, unixAddress } from './bound-address.ts'
import { groupIdOf } from './group-id.ts'
import { listenOn, systemCode } from './listen-on.ts'

/** Bytes of a path in a socket address, without the closing NUL. */
export const maxSocketPathBytes = process.platform === 'linux' ? 107 : 103

const probeTimeoutMs = 1000

export interface UnixSocket {
  /** Absolute. */
  readonly path: string
  /** File mode bits; the socket never exists with wider ones. */
  readonly mode: number
  /** Name or number of its group; that of the process where there is none. */
  readonly group: string | undefined
  /** Configuration key of the group, for errors. */
  readonly groupKey: string
}

/**
 * Binds a Unix socket. Its directory is made with mode 0700 if it is missing. A socket that nobody answers on is
 * replaced; anything else at the path stays and is an error. The file goes away when the server closes.
 *
 * @throws SocketInUse, SocketPathOccupied, SocketPathTooLong, SocketGroupUnknown, SocketGroupDenied, BindFailed
 */
export async function bindUnix(server: Server, socket: UnixSocket, log: Logger): Promise<BoundAddress> {
  const { path, mode, group, groupKey } = socket
  const usable = usablePath(path, process.cwd())
  const gid = group === undefined ? undefined : groupIdOf(group, groupKey)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    warnOfOpenDirectory(dirname(path), log)
    await removeStaleSocket(path, usable)
    // Until it belongs to its group, the bits of the group would let another one in.
    await listenWithMode(server, usable, gid === undefined ? mode : mode & 0o700)
    if (gid !== undefined) {
      await giveToGroup(socket, gid)
      await warnOfClosedDirectory(dirname(path), gid, log)
    }
  } catch (error) {
    for (const known of [SocketInUse, SocketPathOccupied, SocketGroupDenied, SocketGroupUnknown]) {
      if (error instanceof known) throw error
    }
    const code = systemCode(error)
    // Between the probe and here another process may have come first.
    if (code === 'EADDRINUSE') throw socketInUse(path)
    throw new BindFailed(`cannot listen on the socket ${path}; check base-dir and its owner (${code})`, {
      cause: error,
    })
  }
  return unixAddress(path)
}

/**
 * The path as it goes to the system: absolute if it fits, else relative to `cwd` if that fits.
 *
 * @throws SocketPathTooLong
 */
export function usablePath(path: string, cwd: string): string {
  if (Buffer.byteLength(path) <= maxSocketPathBytes) return path
  const short = relative(cwd, path)
  if (Buffer.byteLength(short) <= maxSocketPathBytes) return short
  throw new SocketPathTooLong(
    `the socket path ${path} has ${Buffer.byteLength(path)} bytes and the system takes ${maxSocketPathBytes}; choose a shorter base-dir, or listen-mode = "tcp"`,
  )
}

async function removeStaleSocket(path: string, usable: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new SocketPathOccupied(`${path} exists and is not a socket; move it away or choose another base-dir`)
  }
  if (await isAnswered(usable)) throw socketInUse(path)
  await unlink(path)
}

/** Whether a process listens on the socket. Only the refusal that a dead socket gives counts as a no. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect({ path })
    const settle = (finish: () => void) => {
      probe.destroy()
      finish()
    }
    probe.setTimeout(probeTimeoutMs, () => settle(() => resolve(true)))
    probe.once('connect', () => settle(() => resolve(true)))
    probe.once('error', (error) => {
      const code = systemCode(error)
      if (code === 'ECONNREFUSED' || code === 'ENOENT') settle(() => resolve(false))
      // A full backlog: somebody is there, only busy.
      else if (code === 'EAGAIN') settle(() => resolve(true))
      else settle(() => reject(error))
    })
  })
}

/** The mask is process-wide, so it is held only while `listen` makes the file, which it does before it returns. */
function listenWithMode(server: Server, path: string, mode: number): Promise<void> {
  const previous = process.umask(0o777 & ~mode)
  try {
    return listenOn(server, { path })
  } finally {
    process.umask(previous)
  }
}

async function giveToGroup({ path, mode, group, groupKey }: UnixSocket, gid: number): Promise<void> {
  try {
    await lchown(path, -1, gid)
  } catch (error) {
    throw new SocketGroupDenied(
      `${groupKey}: this process may not give ${path} to the group ${group} (${systemCode(error)}); make its user a member of the group`,
      { cause: error },
    )
  }
  await chmod(path, mode)
}

/** Whoever can put a socket of his own in this place gets what was meant for the server, tokens and calls. */
function warnOfOpenDirectory(directory: string, log: Logger): void {
  if (process.platform === 'win32') return
  const why = pathExposureOf(directory)
  if (why !== undefined) log.warn({ event: 'socket-directory-open', directory, why })
}

/** A group that cannot get to the file has no use for it. */
async function warnOfClosedDirectory(directory: string, gid: number, log: Logger): Promise<void> {
  const { mode, gid: directoryGid } = await stat(directory)
  const isOpen = (mode & 0o001) !== 0 || (directoryGid === gid && (mode & 0o010) !== 0)
  if (!isOpen) log.warn({ event: 'socket-directory-closed', directory, gid, mode: (mode & 0o777).toString(8) })
}

function socketInUse(path: string): Error {
  return new SocketInUse(`another process answers on the socket ${path}; stop it or choose another node-name`)
}
