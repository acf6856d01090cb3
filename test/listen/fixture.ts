import { mkdtemp, rm } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ListenerConfig } from '../../src/config/config.ts'
import { createListener, type Listener, type ListenerOptions } from '../../src/listen/listener.ts'
import { createLogger, type Logger } from '../../src/telemetry/logger.ts'

/** A listener on a free port of 127.0.0.1, with the given limits and otherwise wide ones. */
export function testConfig(overrides: Partial<ListenerConfig> = {}): ListenerConfig {
  return {
    listenMode: 'tcp',
    bindIp: '127.0.0.1',
    bindPort: 0,
    advertisedAddress: undefined,
    unixSocketPath: '/nonexistent/test.sock',
    unixSocketMode: 0o600,
    requestSizeLimitBytes: 1024 * 1024,
    maxHeaderBytes: 16_384,
    maxHeaderCount: 100,
    headersTimeoutMs: 60_000,
    bodyTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    maxConnections: 100,
    http2MaxConcurrentStreams: 50,
    concurrentRequestsLimit: undefined,
    ...overrides,
  }
}

export interface CapturedLog {
  readonly log: Logger
  readonly lines: string[]
}

export function captureLog(): CapturedLog {
  const lines: string[] = []
  const config = { logFilter: 'trace', logFormat: 'json', logDisableAnsiCodes: true } as const
  return { log: createLogger(config, { write: (line) => void lines.push(line) }), lines }
}

/**
 * A started listener whose routes tell what they got; `handled` lists the requests that reached one. Those of `/held` are
 * answered when `release` is called: those that wait then, or so many of them, in their order.
 */
export async function startListener(
  overrides: Partial<ListenerConfig> = {},
  options: ListenerOptions = { rawBody: true },
): Promise<{
  listener: Listener
  port: number
  handled: string[]
  lines: string[]
  release: (count?: number) => void
}> {
  const { log, lines } = captureLog()
  const listener = createListener('ingress', testConfig(overrides), log, options)
  const handled: string[] = []
  const held: (() => void)[] = []
  listener.app.all('/*', async (request) => {
    handled.push(request.url)
    if (request.url.startsWith('/slow/')) await sleep(Number(request.url.slice('/slow/'.length)))
    if (request.url === '/held') await new Promise<void>((resolve) => held.push(resolve))
    const { body } = request
    return {
      version: request.raw.httpVersion,
      method: request.method,
      url: request.url,
      bytes: body instanceof Uint8Array ? body.length : undefined,
    }
  })
  const release = (count = held.length) => {
    for (const answer of held.splice(0, count)) answer()
  }
  const addresses = await listener.start()
  const tcp = addresses.find((address) => address.kind === 'tcp')
  return { listener, port: tcp?.kind === 'tcp' ? tcp.port : 0, handled, lines, release }
}

/** A short path, as sockets need, that is gone after the test. */
export async function temporaryDirectory(t: { teardown(clean: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'perdure-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A raw client: sends bytes, collects all that comes. */
export class RawClient {
  readonly socket: Socket
  readonly #chunks: Buffer[] = []
  readonly #closed: Promise<void>
  isClosed = false

  /** @param target a port of 127.0.0.1, the path of a Unix socket, or a connection of another kind */
  constructor(target: number | string | Socket) {
    this.socket = target instanceof Socket ? target : connectTo(target)
    this.socket.on('data', (chunk) => this.#chunks.push(chunk))
    this.socket.on('end', () => this.socket.end())
    this.socket.on('error', () => {})
    this.#closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.isClosed = true
        resolve()
      })
    })
  }

  send(data: string | Uint8Array): this {
    this.socket.write(data)
    return this
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** All bytes until the server closed. */
  async untilClosed(): Promise<string> {
    await this.#closed
    return this.text
  }

  /** Waits until the collected text matches. */
  async until(pattern: RegExp, timeoutMs = 30_000): Promise<string> {
    const deadline = performance.now() + timeoutMs
    while (!pattern.test(this.text)) {
      if (performance.now() > deadline) throw new Error(`no ${pattern} in ${JSON.stringify(this.text)}`)
      if (this.isClosed) throw new Error(`closed before ${pattern}: ${JSON.stringify(this.text)}`)
      await sleep(5)
    }
    return this.text
  }

  close(): void {
    this.socket.destroy()
  }
}

function connectTo(target: number | string): Socket {
  const options = typeof target === 'number' ? { port: target, host: '127.0.0.1' } : { path: target }
  return connect({ ...options, allowHalfOpen: true })
}

/** Sends one request and waits for the server to close. */
export function exchange(target: number | string | Socket, data: string | Uint8Array): Promise<string> {
  return new RawClient(target).send(data).untilClosed()
}

/** Waits until a condition holds. */
export async function eventually(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition}`)
    await sleep(5)
  }
}
