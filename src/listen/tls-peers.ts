import { connectionOf } from './connection-of.ts'
import type { Refusal } from './error-answer.ts'

/** What the certificate of a client says about it. */
export interface TlsPeer {
  /** The name by which it is let in and logged. */
  readonly name: string
  /** Whether the name is one that may come in. */
  readonly isAllowed: boolean
}

/** Clients with a verified certificate, by socket or HTTP/2 session. */
const tlsPeers = new WeakMap<object, TlsPeer>()

export function markTlsPeer(socketOrSession: object, peer: TlsPeer): void {
  tlsPeers.set(socketOrSession, peer)
}

/**
 * The name in the verified certificate of the client that sent a request, of either protocol. Undefined where the
 * listener asks for none, and on Unix sockets.
 */
export function clientCertificateName(request: { readonly socket: object }): string | undefined {
  const connection = connectionOf(request)
  return connection === undefined ? undefined : tlsPeers.get(connection)?.name
}

/** The answer to all requests of a client whose certificate is good and whose name is not on the list. */
export function refusalOfClientName(connection: object): Refusal | undefined {
  const peer = tlsPeers.get(connection)
  if (peer === undefined || peer.isAllowed) return undefined
  return { status: 403, message: 'the client certificate has no name that this server lets in' }
}
