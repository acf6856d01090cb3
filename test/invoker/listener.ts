import type { PerdureError } from '../../src/errors/perdure-error.ts'
import type { DuplexListener, DuplexStream, ResponseHeaders } from '../../src/invoker/duplex.ts'

/** Keeps what a request is told, and can be waited for. */
export class TestListener implements DuplexListener {
  stream: DuplexStream | undefined
  status: number | undefined
  headers: ResponseHeaders = {}
  body = ''
  ended = false
  error: PerdureError | undefined
  refused = false
  readonly closed: Promise<void>
  readonly #onOpen: (stream: DuplexStream) => void
  readonly #close: () => void

  constructor(onOpen: (stream: DuplexStream) => void = (stream) => stream.end()) {
    this.#onOpen = onOpen
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#close = resolve
  }

  onOpen(stream: DuplexStream): void {
    this.stream = stream
    this.#onOpen(stream)
  }

  onHeaders(status: number, headers: ResponseHeaders): void {
    this.status = status
    this.headers = headers
  }

  onData(chunk: Buffer): void {
    this.body += chunk.toString()
  }

  onEnd(): void {
    this.ended = true
  }

  onWritable(): void {}

  onClose(error: PerdureError | undefined, refused: boolean): void {
    this.error = error
    this.refused = refused
    this.#close()
  }
}
