/** A socket that a listener accepts connections on. */
export type BoundAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly url: string }
  | { readonly kind: 'unix'; readonly path: string; readonly url: string }

/** `https` where the listener has a certificate. */
export type TcpScheme = 'http' | 'https'

/** `url` is `http://host:port`, with IPv6 addresses in brackets. */
export function tcpAddress(host: string, port: number, scheme: TcpScheme = 'http'): BoundAddress {
  return { kind: 'tcp', host, port, url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}` }
}

/** `url` is `unix:/absolute/path`, the form that the official CLI takes. */
export function unixAddress(path: string): BoundAddress {
  return { kind: 'unix', path, url: `unix:${path}` }
}
