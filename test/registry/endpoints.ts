import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

export const manifestV4 = 'application/vnd.restate.endpointmanifest.v4+json'

export const greeterManifest = {
  protocolMode: 'BIDI_STREAM',
  minProtocolVersion: 5,
  maxProtocolVersion: 7,
  services: [{ name: 'Greeter', ty: 'SERVICE', handlers: [{ name: 'greet' }] }],
}

/** A server on a free port of 127.0.0.1, closed with all its connections when the test ends. */
export async function listening(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  server.on('connection', track)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port
}

/** A server that speaks only HTTP/1.1; its base URL. */
export async function http1(t: Test, listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(t, createServer(listener))}`
}

/** A server that speaks only HTTP/2, prior knowledge; its base URL. */
export async function h2c(
  t: Test,
  listener: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<string> {
  const server = createHttp2Server()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    listener(stream, headers)
  })
  server.on('sessionError', () => {})
  return `http://127.0.0.1:${await listening(t, server)}`
}

/** A server that gets bytes; its base URL. */
export async function tcp(t: Test, listener: (socket: Socket) => void): Promise<string> {
  return `http://127.0.0.1:${await listening(t, createTcpServer(listener))}`
}

/** Answers a stream with a manifest. */
export function answerManifest(stream: ServerHttp2Stream, manifest: unknown = greeterManifest): void {
  stream.respond({ ':status': 200, 'content-type': manifestV4, 'x-restate-server': 'fake-sdk/1.0' })
  stream.end(JSON.stringify(manifest))
}
