import { connectionOf } from './connection-of.ts'

/** Sockets and HTTP/2 sessions that came in over a Unix socket; a request leads to one of the two. */
const unixPeers = new WeakSet<object>()

export function markUnixPeer(socketOrSession: object): void {
  unixPeers.add(socketOrSession)
}

/** Whether a request, of either protocol, arrived on a Unix socket and so from a user who may open its file. */
export function arrivedOnUnixSocket(request: { readonly socket: object }): boolean {
  const connection = connectionOf(request)
  return connection !== undefined && unixPeers.has(connection)
}
