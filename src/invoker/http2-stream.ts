import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { constants } from 'node:http2'
import { ServiceUnreachable } from '../errors/invoker.ts'
import { ChunkBudget, tooManyPieces } from './chunk-budget.ts'
import type { DuplexListener, DuplexStream } from './duplex.ts'

/** Joins one HTTP/2 client stream to its listener. */
export class Http2Duplex implements DuplexStream {
  readonly #stream: ClientHttp2Stream
  #ended = false

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream
  }

  /**
   * `onClosed` runs before the listener's `onClose` and hears whether the peer had too much on this connection;
   * `isUnseen` says whether the peer has announced that it never looked at the stream with this id.
   */
  attach(
    listener: DuplexListener,
    isUnseen: (streamId: number) => boolean,
    onClosed: (isOverburdened: boolean) => void,
  ): void {
    const stream = this.#stream
    let answered = false
    let complete = false
    let failure: Error | undefined
    stream.on('response', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
      answered = true
      listener.onHeaders(headers[':status'] ?? 0, headers)
    })
    const budget = new ChunkBudget()
    stream.on('data', (chunk: Buffer) => {
      if (budget.take(chunk.length)) listener.onData(chunk)
      else if (failure === undefined) {
        failure = tooManyPieces()
        stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
      }
    })
    stream.on('drain', () => listener.onWritable())
    stream.on('end', () => {
      // Node ends the readable side of a stream that was reset, too; only the code tells.
      if (stream.rstCode) return
      complete = true
      listener.onEnd()
    })
    stream.on('error', (error) => {
      failure ??= error
    })
    stream.on('close', () => {
      // Node's servers refuse streams so when a session buffers more than its maxSessionMemory.
      const isOverburdened = !answered && stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM
      onClosed(isOverburdened)
      if (complete) {
        listener.onClose(undefined, false)
        return
      }
      const refused =
        isOverburdened ||
        (!answered &&
          (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || (stream.id !== undefined && isUnseen(stream.id))))
      listener.onClose(new ServiceUnreachable(closeText(stream.rstCode, failure), { cause: failure }), refused)
    })
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended || this.#stream.destroyed || this.#stream.closed) return true
    return this.#stream.write(bytes)
  }

  end(): void {
    if (this.#ended || this.#stream.destroyed || this.#stream.closed) return
    this.#ended = true
    this.#stream.end()
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  reset(): void {
    this.#ended = true
    if (this.#stream.destroyed) return
    // One that the peer has reset without an error waits for what was still to be written, which Node may never be told of.
    if (this.#stream.closed) {
      this.#stream.destroy()
      return
    }
    // A paused stream does not get as far as closing.
    this.#stream.resume()
    this.#stream.close(constants.NGHTTP2_CANCEL)
  }
}

function closeText(rstCode: number | undefined, failure: NodeJS.ErrnoException | undefined): string {
  // A stream's own error only repeats the code; a session's says what happened to the connection.
  if (failure !== undefined && failure.code !== 'ERR_HTTP2_STREAM_ERROR') {
    return `the connection to the service was lost: ${failure.message}`
  }
  return `the connection to the service was lost: the stream was reset with HTTP/2 error ${rstCode ?? 0}`
}
