import { ActivationInvalid } from '../errors/listen.ts'
import type { ListenerName } from './listener.ts'

/** Open file descriptors of listening sockets by the listener that they are for. */
export type ActivatedSockets = Readonly<Record<ListenerName, readonly number[]>>

/** The first descriptor that is passed, `SD_LISTEN_FDS_START` of sd_listen_fds(3). */
const firstFd = 3

const variables = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const

/**
 * Takes the sockets that a service manager passes, by the protocol of sd_listen_fds(3), and removes its variables from
 * `env`, so that no child believes them to be its own. Undefined: none are passed to this process.
 *
 * @throws ActivationInvalid when the variables do not make sense together, or a name is not that of a listener
 */
export function takeActivatedSockets(
  env: Record<string, string | undefined>,
  pid: number,
): ActivatedSockets | undefined {
  const { LISTEN_FDS: count, LISTEN_PID: forPid, LISTEN_FDNAMES: joinedNames } = env
  for (const variable of variables) delete env[variable]
  // What is for another process, such as the shell that started this one, is to be ignored.
  if (count === undefined || forPid !== String(pid)) return undefined
  if (!/^[1-9]\d{0,2}$/.test(count)) {
    throw new ActivationInvalid(`LISTEN_FDS is ${JSON.stringify(count)}, not the number of sockets that are passed`)
  }
  if (joinedNames === undefined) throw new ActivationInvalid(`LISTEN_FDNAMES is not set. ${howToName}`)
  const names = joinedNames.split(':')
  if (names.length !== Number(count)) {
    throw new ActivationInvalid(`LISTEN_FDS says ${count} sockets and LISTEN_FDNAMES has ${names.length} names`)
  }
  const sockets: Record<ListenerName, number[]> = { ingress: [], admin: [], fabric: [] }
  for (const [index, name] of names.entries()) {
    if (!isListenerName(name)) {
      throw new ActivationInvalid(
        `the passed socket ${firstFd + index} is named ${JSON.stringify(name)}, which is no listener. ${howToName}`,
      )
    }
    sockets[name].push(firstFd + index)
  }
  return sockets
}

const howToName =
  'Each socket needs the name of its listener, ingress, admin or fabric: FileDescriptorName= in the .socket unit'

function isListenerName(name: string): name is ListenerName {
  return name === 'ingress' || name === 'admin' || name === 'fabric'
}
