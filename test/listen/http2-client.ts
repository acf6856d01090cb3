import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import { connect as connectSocket, Socket } from 'node:net'

export interface Http2Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** A client session that survives its server; `error` is the last session error. */
export class Http2Client implements Disposable {
  readonly session: ClientHttp2Session
  error: Error | undefined
  goawayCode: number | undefined

  /** @param target a port of 127.0.0.1, the path of a Unix socket, or a connection that is made already */
  constructor(target: number | string | Socket) {
    const createConnection = () => (target instanceof Socket ? target : connectTo(target))
    this.session = connect('http://localhost', { createConnection })
    this.session.on('error', (error) => {
      this.error = error
    })
    this.session.on('goaway', (code) => {
      this.goawayCode = code
    })
  }

  request(headers: OutgoingHttpHeaders, body?: Uint8Array | string): Promise<Http2Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.session.request(headers, { endStream: body === undefined })
      const chunks: Buffer[] = []
      let received: Readonly<Record<string, unknown>> = {}
      stream.on('response', (response) => {
        received = response
      })
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('error', reject)
      stream.on('close', () =>
        resolve({ status: Number(received[':status']), headers: received, body: Buffer.concat(chunks).toString() }),
      )
      if (body !== undefined) stream.end(body)
    })
  }

  [Symbol.dispose](): void {
    this.session.destroy()
  }
}

function connectTo(target: number | string): Socket {
  return typeof target === 'number' ? connectSocket(target, '127.0.0.1') : connectSocket({ path: target })
}

/** Raw HTTP/2 frames, for what a proper client would not send. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  continuation: 9,
} as const

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** GET http://h/ in HPACK: three static entries, and a literal `:authority`. */
export const getRoot = Buffer.from([0x82, 0x86, 0x84, 0x01, 0x01, 0x68])

/** POST http://h/ */
export const postRoot = Buffer.from([0x83, 0x86, 0x84, 0x01, 0x01, 0x68])

export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

export function parseFrames(bytes: Buffer): ReceivedFrame[] {
  const frames: ReceivedFrame[] = []
  let at = 0
  while (at + 9 <= bytes.length) {
    const length = bytes.readUIntBE(at, 3)
    if (at + 9 + length > bytes.length) break
    frames.push({
      type: bytes[at + 3] ?? -1,
      flags: bytes[at + 4] ?? 0,
      streamId: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, at + 9 + length),
    })
    at += 9 + length
  }
  return frames
}

const [, nghttp2 = 0] = (process.versions.nghttp2 ?? '').split('.').map(Number)

/**
 * Whether the HTTP/2 of this Node says why it ends a session. Up to 22.22 (nghttp2 1.64) it ends the same ones, but with INTERNAL_ERROR for
 * some reasons, without an error for a peer that it has enough of, and leaves the connection behind a GOAWAY to the idle time-out.
 */
export const tellsReasons = nghttp2 > 64

/** The error code of the last GOAWAY, if there was one. */
export function goawayCode(bytes: Buffer): number | undefined {
  return parseFrames(bytes)
    .filter(({ type }) => type === frameType.goaway)
    .at(-1)
    ?.payload.readUInt32BE(4)
}
