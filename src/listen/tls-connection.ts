import type { Socket } from 'node:net'
import type { Connection } from './connection.ts'

/** The type of a TLS record that opens a handshake (RFC 8446 §5.1). */
const handshakeRecord = 0x16

export interface TlsConnectionParts {
  readonly socket: Socket
  /** Monotonic time by which the handshake must be over. */
  readonly deadlineMs: number
  readonly onTimeout: () => void
  /** The client wants TLS: its first bytes are back in the paused socket. */
  readonly onHandshake: () => void
  /** What to send to a client that does not speak TLS. */
  readonly plainAnswer: () => string
}

/** A connection on a TLS port: the handshake, and then whatever speaks through it. */
export class TlsConnection implements Connection {
  readonly #parts: TlsConnectionParts
  #inner: Connection | undefined
  #isRefused = false

  constructor(parts: TlsConnectionParts) {
    this.#parts = parts
    parts.socket.once('data', this.#onFirstBytes)
    parts.socket.once('end', this.#onEnd)
  }

  /** The handshake is over; from here on another speaks. */
  set inner(connection: Connection) {
    this.#inner = connection
  }

  readonly #onFirstBytes = (chunk: Buffer): void => {
    const { socket, onHandshake } = this.#parts
    socket.removeListener('end', this.#onEnd)
    if (chunk[0] !== handshakeRecord) {
      this.#refusePlain()
      return
    }
    socket.pause()
    socket.unshift(chunk)
    onHandshake()
  }

  readonly #onEnd = (): void => {
    this.#parts.socket.destroy()
  }

  /** Most likely plain HTTP: who sees the answer knows what to do. */
  #refusePlain(): void {
    const { socket, plainAnswer } = this.#parts
    this.#isRefused = true
    socket.end(plainAnswer())
    // What is not read would make the close a reset, and the answer could get lost.
    socket.resume()
  }

  sweep(nowMs: number): void {
    if (this.#inner !== undefined) this.#inner.sweep(nowMs)
    else if (nowMs >= this.#parts.deadlineMs) {
      if (!this.#isRefused) this.#parts.onTimeout()
      this.#parts.socket.destroy()
    }
  }

  drain(): void {
    if (this.#inner === undefined) this.#parts.socket.destroy()
    else this.#inner.drain()
  }

  cut(): void {
    this.#inner?.cut()
    this.#parts.socket.destroy()
  }
}
