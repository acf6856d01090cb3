import { Http2ServerRequest } from 'node:http2'

/**
 * What all requests of one connection lead to: the socket in HTTP/1, the session in HTTP/2, whose compat API shows a
 * proxy for the socket, which is another object. Undefined once the session is gone.
 */
export function connectionOf(request: { readonly socket: object }): object | undefined {
  return request instanceof Http2ServerRequest ? request.stream.session : request.socket
}
