import type { PerdureError } from '../errors/perdure-error.ts'

/** Header names in lower case; a repeated header is an array. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Values in the order in which they are sent; names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[]>>

/** A POST whose body is written while its answer is being read. */
export interface DuplexRequest {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string
  /** Path and query. */
  readonly path: string
  readonly headers: RequestHeaders
}

/** What a request can be told once it is open. No method throws, also not on a stream that is closed. */
export interface DuplexStream {
  /** The bytes must not change afterwards. False: wait for `onWritable` before writing much more. */
  write(bytes: Uint8Array): boolean
  /** Ends the request body; the answer may go on. */
  end(): void
  /** Stops reading, so that flow control stops the sender. */
  pause(): void
  resume(): void
  /** Ends both directions at once; HTTP/2 says CANCEL. `onClose` still runs. */
  reset(): void
}

/** Hears of one request: first `onOpen`, last `onClose`, or `onClose` alone if it could not be opened. */
export interface DuplexListener {
  onOpen(stream: DuplexStream): void
  onHeaders(status: number, headers: ResponseHeaders): void
  onData(chunk: Buffer): void
  /** The answer is complete. */
  onEnd(): void
  onWritable(): void
  /**
   * `error` is set when the request did not end in order. `refused` is true when the peer is known not to have
   * looked at it, so that it can be sent again somewhere else.
   */
  onClose(error: PerdureError | undefined, refused: boolean): void
}

/** Opens requests to one kind of peer. */
export interface DuplexTransport {
  /** Never throws; may call `onOpen` before it returns. The function that it returns gives up waiting. */
  open(request: DuplexRequest, listener: DuplexListener): CancelOpen
}

/** Forgets a request that is not open yet; its listener hears nothing. Without effect after `onOpen`. */
export type CancelOpen = () => void
