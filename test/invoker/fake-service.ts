import { once } from 'node:events'
import http2, { type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { encodeFrame, FrameDecoder } from '../../src/protocol/frame.ts'
import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeEnd } from '../../src/protocol/messages/end.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'

export const contentTypeV6 = 'application/vnd.restate.invocation.v6'

export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
}

/** One request as the service sees it, and the pen to answer by hand. */
export class Exchange {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly frames: ReceivedFrame[] = []
  /** DATA chunks that came. */
  chunks = 0
  ended = false
  closed = false
  /** Real SDKs end their response when the request has ended; this one may be made not to. */
  staysOpen = false
  readonly #changed: (() => void)[] = []

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) {
    this.stream = stream
    this.headers = headers
    this.rawHeaders = rawHeaders
    const decoder = new FrameDecoder(2 ** 32)
    stream.on('data', (chunk: Buffer) => {
      this.chunks++
      decoder.push(chunk, (type, flags, payload) => this.frames.push({ type, flags, payload: Buffer.from(payload) }))
      this.#notify()
    })
    stream.on('end', () => {
      this.ended = true
      if (!this.staysOpen && stream.headersSent) stream.end()
      this.#notify()
    })
    stream.on('close', () => {
      this.closed = true
      this.#notify()
    })
    stream.on('error', () => undefined)
  }

  get rstCode(): number | undefined {
    return this.stream.rstCode
  }

  accept(contentType = contentTypeV6): this {
    this.stream.respond({ ':status': 200, 'content-type': contentType, 'x-restate-server': 'fake/1.0' })
    return this
  }

  send(type: number, payload: Uint8Array = new Uint8Array(0), flags = 0): this {
    this.stream.write(encodeFrame(type, payload, flags))
    return this
  }

  output(text: string): this {
    const result = { kind: 'value', value: Buffer.from(text) } as const
    return this.send(MessageType.Output, encodeOutput({ result, name: '' }))
  }

  end(): this {
    return this.send(MessageType.End, encodeEnd())
  }

  /** Waits until the frames that came satisfy the condition. */
  async until(condition: (exchange: Exchange) => boolean, timeoutMs = 30_000): Promise<this> {
    const deadline = performance.now() + timeoutMs
    while (!condition(this)) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`the exchange did not get there; frames: ${this.types()}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#changed.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return this
  }

  types(): string {
    return this.frames.map((frame) => frame.type.toString(16).padStart(4, '0')).join(' ')
  }

  #notify(): void {
    for (const callback of this.#changed.splice(0)) callback()
  }
}

export type Script = (exchange: Exchange) => void | Promise<void>

/** A service that speaks the wire by hand, on a real socket. */
export class FakeService {
  readonly server: Http2Server
  readonly exchanges: Exchange[] = []
  readonly sessions = new Set<http2.ServerHttp2Session>()
  sessionCount = 0
  script: Script

  constructor(script: Script, settings: http2.Settings = {}) {
    this.script = script
    this.server = http2.createServer({ settings })
    this.server.on('session', (session) => {
      this.sessionCount++
      this.sessions.add(session)
      session.on('close', () => this.sessions.delete(session))
      session.on('error', () => undefined)
    })
    this.server.on('sessionError', () => undefined)
    this.server.on('stream', (stream, headers, _flags, rawHeaders) => {
      const exchange = new Exchange(stream, headers, rawHeaders)
      this.exchanges.push(exchange)
      void this.script(exchange)
    })
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return this.uri
  }

  get uri(): string {
    const { port } = this.server.address() as AddressInfo
    return `http://127.0.0.1:${port}/`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }
}
