import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

export type HttpVersion = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0'

export interface ResponseHead {
  readonly status: number
  readonly httpVersion: HttpVersion
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
  /** After the end of `body`: whether that was also the end that the sender meant. */
  isComplete(): Promise<boolean>
}

/** One request, a GET or with a body a POST, on a connection of its own. */
export interface Exchange {
  /** Rejects when the connection ends or breaks before there is a response. */
  readonly head: Promise<ResponseHead>
  /** Whether the peer has shown that it speaks the protocol in which it was asked. */
  peerSpeaksProtocol(): boolean
  /** Closes the connection; what waits on it fails. */
  close(): void
}

/** The peer closed the connection without a response. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed'
}
