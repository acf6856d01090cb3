import { createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import { frame, frameType, preface } from '../listen/http2-client.ts'

const flagAck = 1
const flagEndStream = 1
const flagEndHeaders = 4
const pingFrame = 6

/** `:status: 200` and a content type, in HPACK: one static entry, and a literal with a name of the static table. */
function responseHeaders(contentType: string, ...more: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
  const others = more.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)]))
  return Buffer.concat([Buffer.from([0x88, 0x0f, 0x10]), text(contentType), ...others])
}

export interface RawStream {
  /** How many requests of an invocation there have been, this one included. */
  readonly attempt: number
  respond(...headers: readonly (readonly [string, string])[]): void
  data(bytes: Uint8Array, isLast?: boolean): void
}

/**
 * A service of frames, which are exactly as they are written: Node would put small ones together. Answers discovery with the
 * manifest, and leaves every other request to `answer`. Takes bodies of up to 64 KB.
 */
export async function startRawService(
  t: Test,
  manifest: unknown,
  answer: (stream: RawStream) => void,
): Promise<{ readonly uri: string }> {
  let attempts = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.write(frame(frameType.settings, 0, 0))
    let rest = Buffer.alloc(0)
    let begun = false
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      if (!begun && rest.length >= preface.length) {
        begun = true
        rest = rest.subarray(preface.length)
      }
      while (begun && rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const end = 9 + rest.readUIntBE(0, 3)
        take(socket, rest[3] ?? 0, rest[4] ?? 0, rest.readUInt32BE(5), rest.subarray(9, end))
        rest = rest.subarray(end)
      }
    })
  })

  const take = (socket: Socket, type: number, flags: number, id: number, payload: Buffer): void => {
    if (type === frameType.settings && flags === 0) socket.write(frame(frameType.settings, flagAck, 0))
    if (type === pingFrame && flags === 0) socket.write(frame(pingFrame, flagAck, 0, payload))
    if (type !== frameType.headers) return
    const data = (bytes: Uint8Array, isLast = false) =>
      void socket.write(frame(frameType.data, isLast ? flagEndStream : 0, id, bytes))
    const respond = (contentType: string, ...headers: readonly (readonly [string, string])[]) =>
      void socket.write(frame(frameType.headers, flagEndHeaders, id, responseHeaders(contentType, ...headers)))
    // Only discovery has no body.
    if ((flags & flagEndStream) !== 0) {
      respond('application/vnd.restate.endpointmanifest.v4+json')
      data(Buffer.from(JSON.stringify(manifest)), true)
      return
    }
    attempts++
    const contentType = 'application/vnd.restate.invocation.v6'
    answer({ attempt: attempts, respond: (...headers) => respond(contentType, ...headers), data })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { uri: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}
