import { statSync } from 'node:fs'
import type { Server } from 'node:net'
import type { ListenerConfig } from '../config/config.ts'
import { ActivationInvalid } from '../errors/listen.ts'
import type { Logger } from '../telemetry/logger.ts'
import { bindActivated } from './bind-activated.ts'
import { bindTcp } from './bind-tcp.ts'
import { bindUnix } from './bind-unix.ts'
import type { BoundAddress, TcpScheme } from './bound-address.ts'

export interface ListeningParts {
  /** Name of the listener. */
  readonly name: string
  readonly config: ListenerConfig
  readonly scheme: TcpScheme
  readonly log: Logger
  /** A server that is not bound yet. Told for each connection of what kind its socket is. */
  readonly newServer: (kind: () => BoundAddress['kind']) => Server
}

/** Binds what the configuration asks for. */
export async function bindConfigured(parts: ListeningParts): Promise<readonly BoundAddress[]> {
  const { config, scheme, log, newServer } = parts
  const { listenMode, bindIp, bindPort, unixSocketPath, unixSocketMode, unixSocketGroup } = config
  const bound: BoundAddress[] = []
  // TCP first: a second process then fails before it gets near the socket file of the first.
  if (listenMode !== 'unix') {
    const server = newServer(() => 'tcp')
    bound.push(await bindTcp(server, bindIp, bindPort, keyOf(parts, 'bind-port'), log, scheme))
  }
  if (listenMode !== 'tcp') {
    const groupKey = keyOf(parts, 'unix-socket-group')
    const socket = { path: unixSocketPath, mode: unixSocketMode, group: unixSocketGroup, groupKey }
    const server = newServer(() => 'unix')
    bound.push(await bindUnix(server, socket, log))
  }
  return bound
}

/** Takes the sockets that a service manager has bound. */
export async function takeActivated(parts: ListeningParts, fds: readonly number[]): Promise<readonly BoundAddress[]> {
  const { name, config, scheme, log, newServer } = parts
  const bound: BoundAddress[] = []
  for (const fd of fds) {
    // As long as the kind is not known it counts as TCP, of which more is asked.
    let kind: BoundAddress['kind'] = 'tcp'
    const server = newServer(() => kind)
    const address = await bindActivated(server, fd, name, scheme)
    kind = address.kind
    if (config.listenMode !== 'all' && config.listenMode !== kind) {
      throw new ActivationInvalid(
        `the passed socket ${fd}, for ${name}, is ${address.url}, and ${keyOf(parts, 'listen-mode')} is "${config.listenMode}"`,
      )
    }
    if (address.kind === 'unix' && isOpenToAll(address.path)) {
      const setting = `the passed socket ${address.path}: every user of this machine may connect to ${name}; set SocketMode=0600, or 0660 with SocketGroup=`
      log.warn({ event: 'loosened', setting })
    }
    bound.push(address)
  }
  return bound
}

/** systemd makes sockets for everybody unless told otherwise, and one of the abstract namespace (`@`) has no mode at all. */
function isOpenToAll(path: string): boolean {
  // The path of a socket that is not known: it tells nothing.
  if (path.startsWith('/dev/fd/')) return false
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return path.startsWith('@') || (mode & 0o002) !== 0
}

/** The configuration key as the user writes it; fabric's keys are at the top level. */
function keyOf({ name }: ListeningParts, key: string): string {
  return name === 'fabric' ? key : `${name}.${key}`
}
