import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { encodeFrame, encodeFrames } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'

/** What a handler does wrong in its first attempt; in the second one it behaves. */
export const misdeeds: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  garbage: (stream) => stream.end('this is no frame, and long enough to be read as one or two'),
  unknownType: (stream) => stream.end(encodeFrame(0x7abc, Buffer.from('?'))),
  oversized: (stream) => {
    const header = Buffer.alloc(8)
    header.writeUInt16BE(MessageType.Output, 0)
    header.writeUInt32BE(0xffffffff, 4)
    stream.write(header)
  },
  /** A number of more bytes than any number has. */
  giantVarint: (stream) => stream.end(encodeFrame(MessageType.Output, Buffer.alloc(100_000, 0xff))),
  /** The same field, again and again: metadata of a failure. */
  repeatedFields: (stream) => stream.end(encodeFrame(MessageType.Output, manyMetadata())),
  /** A group in a group in a group. */
  deeplyNested: (stream) => stream.end(encodeFrame(MessageType.Output, Buffer.alloc(1_000_000, 0x7b))),
  endFirst: (stream) => stream.end(encodeFrame(MessageType.End, Buffer.alloc(0))),
  halfAFrame: (stream) => stream.end(encodeFrame(MessageType.Run, Buffer.alloc(64)).subarray(0, 20)),
  silentEnd: (stream) => stream.end(),
  reset: (stream) => stream.close(2),
  dies: (stream) => stream.session?.destroy(),
  hangs: () => {},
}

/** An Output with a Failure that has 2 million empty entries of metadata, and then breaks off. */
function manyMetadata(): Buffer {
  const entries = Buffer.alloc(4_000_000)
  for (let at = 0; at < entries.length; at += 2) entries[at] = 0x1a
  const length = Buffer.from([
    0x80 | (entries.length & 0x7f),
    0x80 | ((entries.length >> 7) & 0x7f),
    0x80 | ((entries.length >> 14) & 0x7f),
    (entries.length >> 21) & 0x7f,
  ])
  return Buffer.concat([Buffer.from([0x7a]), length, entries, Buffer.from([0x72])])
}

/** A service that speaks the wire by hand. Handlers are named by their misdeed; `fine` has none. */
export async function startMisbehavingService(): Promise<{
  uri: string
  attempts: Map<string, number>
  close(): void
}> {
  const attempts = new Map<string, number>()
  const handlers = [...Object.keys(misdeeds), 'fine'].map((name) => ({
    name,
    input: { contentType: '*/*' },
    // The others have their time: an attempt that behaves is not to be cut on a slow machine.
    ...(name === 'hangs' ? { inactivityTimeout: 100, abortTimeout: 4000 } : {}),
  }))
  const manifest = {
    protocolMode: 'BIDI_STREAM',
    minProtocolVersion: 5,
    maxProtocolVersion: 6,
    services: [
      {
        name: 'Bad',
        ty: 'SERVICE',
        handlers,
        retryPolicyInitialInterval: 20,
        retryPolicyMaxAttempts: 10,
      },
    ],
  }
  const server = createServer()
  server.on('session', (session) => session.on('error', () => {}))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    const path = String(headers[':path'])
    if (path === '/discover') {
      stream.respond({ ':status': 200, 'content-type': 'application/vnd.restate.endpointmanifest.v4+json' })
      stream.end(JSON.stringify(manifest))
      return
    }
    const handler = path.split('/').at(-1) ?? ''
    const attempt = (attempts.get(handler) ?? 0) + 1
    attempts.set(handler, attempt)
    stream.resume()
    stream.respond({ ':status': 200, 'content-type': String(headers['content-type']) })
    const misdeed = attempt === 1 ? misdeeds[handler] : undefined
    if (misdeed !== undefined) misdeed(stream)
    else {
      const output = encodeOutput({ result: { kind: 'value', value: Buffer.from(JSON.stringify(attempt)) }, name: '' })
      stream.end(
        encodeFrames([
          { type: MessageType.Output, payload: output },
          { type: MessageType.End, payload: Buffer.alloc(0) },
        ]),
      )
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    attempts,
    close: () => server.close(),
  }
}
