import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import { PeerNotHttp2, ServiceUnreachable } from '../errors/invoker.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { Dialing } from './dialing.ts'
import type { DuplexListener, DuplexRequest } from './duplex.ts'
import { portOf } from './egress/egress-policy.ts'
import { Http2Duplex } from './http2-stream.ts'

export interface SessionLimits {
  readonly connectTimeoutMs: number
  readonly http2KeepAliveIntervalMs: number
  readonly http2KeepAliveTimeoutMs: number
  readonly http2StreamsPerConnectionLimit: number
  readonly http2IdleConnectionTimeoutMs: number
  readonly http2StreamWindowBytes: number
  readonly http2ConnectionWindowBytes: number
}

/** What happens to a session; each of `onReady` and `onClosed` at most once, one of them always. */
export interface SessionListener {
  onReady(): void
  /** A stream has ended: there is room for another. */
  onRoom(): void
  /** `error` says why a session ended before it carried a stream. */
  onClosed(error: PerdureError | undefined): void
}

// Node counts what it buffers for a session, in MB, and closes streams past it; one message may be 32 MiB.
const sessionMemoryMb = 512

/** One HTTP/2 connection to a service. Usable once the peer's SETTINGS have shown that it speaks HTTP/2. */
export class Http2Session {
  readonly #origin: string
  readonly #limits: SessionLimits
  readonly #listener: SessionListener
  readonly #session: ClientHttp2Session | undefined
  readonly #socket: net.Socket | undefined
  #connectTimer: NodeJS.Timeout | undefined
  #pingTimer: NodeJS.Timeout | undefined
  #pongTimer: NodeJS.Timeout | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #streams = 0
  /** Since the peer had too much on this connection: no more streams than it carried then, until all have ended. */
  #bearable = Number.POSITIVE_INFINITY
  #ready = false
  #used = false
  #expired = false
  #closed = false
  #failure: Error | undefined
  /** The last stream that the peer will handle, once it has said GOAWAY. */
  #lastStreamId = Number.POSITIVE_INFINITY

  constructor(origin: string, limits: SessionLimits, dialing: Dialing, listener: SessionListener) {
    this.#origin = origin
    this.#limits = limits
    this.#listener = listener
    try {
      const url = new URL(origin)
      dialing.egress?.checkUrl(url)
      const socket = connect(url, dialing)
      this.#socket = socket
      this.#session = http2.connect(origin, {
        createConnection: () => socket,
        maxSessionMemory: sessionMemoryMb,
        settings: { enablePush: false, initialWindowSize: limits.http2StreamWindowBytes },
      })
      this.#watch(this.#session)
    } catch (error) {
      this.#failure = asError(error)
      process.nextTick(() => this.#onClose())
    }
  }

  /** How many streams may be open at once, by our limit and the peer's. */
  get capacity(): number {
    const peers = this.#session?.remoteSettings?.maxConcurrentStreams ?? Number.POSITIVE_INFINITY
    return Math.max(1, Math.min(this.#limits.http2StreamsPerConnectionLimit, peers))
  }

  get isConnecting(): boolean {
    return !this.#ready && !this.#closed
  }

  get hasRoom(): boolean {
    const session = this.#session
    if (!this.#ready || session === undefined || session.closed || session.destroyed) return false
    return this.#streams < Math.min(this.capacity, this.#bearable)
  }

  /** Only when `hasRoom`. */
  open(request: DuplexRequest, listener: DuplexListener): void {
    const stream = this.#request(request, listener)
    if (stream === undefined) return
    this.#streams++
    this.#used = true
    const duplex = new Http2Duplex(stream)
    duplex.attach(
      listener,
      (streamId) => streamId > this.#lastStreamId,
      (isOverburdened) => this.#onStreamClosed(isOverburdened),
    )
    listener.onOpen(duplex)
  }

  destroy(): void {
    this.#session?.destroy()
    this.#socket?.destroy()
  }

  #request(request: DuplexRequest, listener: DuplexListener): ClientHttp2Stream | undefined {
    try {
      return this.#session?.request({ ':method': 'POST', ':path': request.path, ...request.headers })
    } catch (error) {
      // A header that HTTP/2 forbids, or a session that closed in this very moment.
      const { message } = asError(error)
      listener.onClose(new ServiceUnreachable(`cannot send the request: ${message}`, { cause: error }), false)
      return undefined
    }
  }

  #watch(session: ClientHttp2Session): void {
    const { connectTimeoutMs } = this.#limits
    this.#connectTimer = setTimeout(() => {
      this.#fail(`no HTTP/2 connection within ${connectTimeoutMs} ms`)
    }, connectTimeoutMs)
    session.on('error', (error) => {
      this.#failure ??= error
    })
    session.on('goaway', (_code: number, lastStreamId: number) => {
      this.#lastStreamId = Math.min(this.#lastStreamId, lastStreamId)
    })
    session.once('remoteSettings', () => this.#onReady(session))
    session.once('close', () => this.#onClose())
    const socket = this.#socket
    if (socket instanceof tls.TLSSocket) {
      socket.once('secureConnect', () => {
        if (socket.alpnProtocol === 'h2') return
        this.#failure = new PeerNotHttp2(notHttp2Text(this.#origin))
        session.destroy()
      })
    }
  }

  #onReady(session: ClientHttp2Session): void {
    clearTimeout(this.#connectTimer)
    if (session.destroyed) return
    this.#ready = true
    session.setLocalWindowSize(this.#limits.http2ConnectionWindowBytes)
    this.#pingTimer = setInterval(() => this.#ping(session), this.#limits.http2KeepAliveIntervalMs)
    this.#pingTimer.unref()
    this.#idleTimer = setTimeout(() => {
      if (this.#streams > 0) return
      this.#expired = true
      session.close()
    }, this.#limits.http2IdleConnectionTimeoutMs)
    this.#idleTimer.unref()
    this.#listener.onReady()
  }

  #ping(session: ClientHttp2Session): void {
    if (this.#pongTimer !== undefined || session.destroyed) return
    const { http2KeepAliveTimeoutMs } = this.#limits
    this.#pongTimer = setTimeout(() => {
      this.#fail(`no answer to a keep-alive PING within ${http2KeepAliveTimeoutMs} ms`)
    }, http2KeepAliveTimeoutMs)
    this.#pongTimer.unref()
    session.ping(() => {
      clearTimeout(this.#pongTimer)
      this.#pongTimer = undefined
    })
  }

  #onStreamClosed(isOverburdened: boolean): void {
    this.#streams--
    if (isOverburdened) this.#bearable = Math.max(1, this.#streams)
    if (this.#streams === 0) {
      this.#bearable = Number.POSITIVE_INFINITY
      this.#idleTimer?.refresh()
    }
    this.#listener.onRoom()
  }

  #fail(reason: string): void {
    this.#failure ??= new Error(reason)
    this.#session?.destroy(this.#failure)
    this.#socket?.destroy()
  }

  #onClose(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#connectTimer)
    clearTimeout(this.#pongTimer)
    clearTimeout(this.#idleTimer)
    clearInterval(this.#pingTimer)
    this.#socket?.destroy()
    // A peer that hangs up before its first stream would be dialled again and again if that were no error.
    this.#listener.onClosed(this.#used || this.#expired ? undefined : this.#connectError())
  }

  #connectError(): PerdureError {
    const failure = this.#failure
    if (failure instanceof PerdureError) return failure
    const code = failure !== undefined && 'code' in failure ? failure.code : undefined
    // What came was not SETTINGS: an HTTP/1.1 server's 400, an HTML page, a greeting of some other protocol.
    const isSilent = failure === undefined && (this.#socket?.bytesRead ?? 0) > 0
    const isNotOffered = code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'
    if (!this.#ready && (code === 'ERR_HTTP2_ERROR' || isSilent || isNotOffered)) {
      return new PeerNotHttp2(notHttp2Text(this.#origin))
    }
    const why = failure?.message ?? 'the peer closed the connection before it took a request'
    return new ServiceUnreachable(`cannot connect to ${this.#origin}: ${why}`, { cause: failure })
  }
}

function connect(url: URL, { egress, ca }: Dialing): net.Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = portOf(url)
  const options = { host, port, noDelay: true, ...(egress === undefined ? {} : { lookup: egress.lookupFor(port) }) }
  if (url.protocol !== 'https:') return net.connect(options)
  // Names only: a server name that is an address is not allowed by TLS.
  return tls.connect({
    ...options,
    ALPNProtocols: ['h2'],
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  })
}

function notHttp2Text(origin: string): string {
  return (
    `${origin} does not answer in HTTP/2. If the service speaks HTTP/1.1 only, register it again with ` +
    'use_http_11 (CLI: --use-http1.1); otherwise check that the address and port are those of the service.'
  )
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value))
}
