/**
 * The TLS of the TCP sockets of a listener; they speak nothing else. Paths are absolute. Certificate and key belong
 * together: a listener with only one of them does not start.
 */
export interface ListenerTls {
  /** The certificate of the server, then intermediate ones. */
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  /** Clients must have a certificate that one of these signed. */
  readonly clientCaFile: string | undefined
  /** Names of clients that may come in; empty lets all in whose certificate is good. */
  readonly clientNames: readonly string[]
}

/** Whether nobody gets to a route over TCP without a certificate. Unix sockets ask for none. */
export function requiresClientCertificate(listener: { readonly tls?: ListenerTls | undefined }): boolean {
  return listener.tls?.clientCaFile !== undefined
}
