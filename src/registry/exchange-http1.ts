import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Header } from '../core/journal.ts'
import { request } from '../platform/node-http.ts'
import { ConnectionClosed, type Exchange, type ResponseHead } from './exchange.ts'

/** One request over HTTP/1.1, a POST if there is a body. `node:http` and not a pooling client: the socket is ours, and the peer's version is visible. */
export function exchangeHttp1(
  socket: Socket,
  authority: string,
  path: string,
  headers: readonly Header[],
  body?: Uint8Array,
): Exchange {
  const outgoing = request({
    createConnection: () => socket,
    method: body === undefined ? 'GET' : 'POST',
    path,
    setHost: false,
    headers: ['host', authority, 'connection', 'close', ...headers.flat()],
  })
  const head = new Promise<ResponseHead>((resolve, reject) => {
    outgoing.once('response', (incoming) => resolve(headOf(incoming)))
    // Stays for late errors, which then find the promise settled.
    outgoing.on('error', reject)
    outgoing.once('close', () => reject(new ConnectionClosed('closed without a response')))
  })
  outgoing.end(body)
  return {
    head,
    // With HTTP/1.1 a peer that does not speak it shows as a parser error.
    peerSpeaksProtocol: () => true,
    close: () => outgoing.destroy(),
  }
}

function headOf(incoming: IncomingMessage): ResponseHead {
  return {
    status: incoming.statusCode ?? 0,
    httpVersion: incoming.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1',
    headers: incoming.headers,
    body: incoming,
    isComplete: async () => incoming.complete,
  }
}
