import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import type { Header } from '../core/journal.ts'
import { ConnectionClosed, type Exchange, type ResponseHead } from './exchange.ts'

/** One request over HTTP/2 with prior knowledge, a POST if there is a body, in a session of its own on this socket. */
export function exchangeHttp2(
  socket: Socket,
  origin: string,
  path: string,
  headers: readonly Header[],
  body?: Uint8Array,
): Exchange {
  let hasSettings = false
  const session = connect(origin, { createConnection: () => socket, settings: { enablePush: false } })
  session.once('remoteSettings', () => {
    hasSettings = true
  })
  const stream = session.request(
    {
      [constants.HTTP2_HEADER_METHOD]: body === undefined ? 'GET' : 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      ...Object.fromEntries(headers),
    },
    { endStream: body === undefined },
  )
  if (body !== undefined) stream.end(body)
  const head = new Promise<ResponseHead>((resolve, reject) => {
    stream.once('response', (incoming) => {
      const { ':status': status, ...fields } = incoming
      resolve({
        status: status ?? 0,
        httpVersion: 'HTTP/2.0',
        headers: fields,
        body: stream,
        isComplete: async () => {
          // A reset ends the body like any other end; its code is there when the stream is closed.
          if (!stream.closed) await once(stream, 'close')
          return !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR
        },
      })
    })
    // Both stay for late errors, which then find the promise settled.
    stream.on('error', reject)
    session.on('error', reject)
    stream.once('close', () => reject(new ConnectionClosed('closed without a response')))
  })
  return { head, peerSpeaksProtocol: () => hasSettings, close: () => session.destroy() }
}
