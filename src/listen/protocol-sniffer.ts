import type { Socket } from 'node:net'
import type { Connection } from './connection.ts'

/** What a client sends first when it speaks HTTP/2 with prior knowledge (RFC 9113 §3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/**
 * A connection whose protocol is not known yet. Reads until the bytes differ from the HTTP/2 preface or are all of
 * it, puts them back, and hands the paused socket on.
 */
export class SniffedConnection implements Connection {
  readonly #socket: Socket
  readonly #deadlineMs: number
  readonly #onTimeout: () => void
  readonly #onProtocol: (protocol: 'http1' | 'http2') => void
  #seen: Buffer | undefined

  /** @param deadlineMs monotonic time by which the protocol must be known */
  constructor(
    socket: Socket,
    deadlineMs: number,
    onTimeout: () => void,
    onProtocol: (protocol: 'http1' | 'http2') => void,
  ) {
    this.#socket = socket
    this.#deadlineMs = deadlineMs
    this.#onTimeout = onTimeout
    this.#onProtocol = onProtocol
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer): void => {
    const seen = this.#seen === undefined ? chunk : Buffer.concat([this.#seen, chunk])
    const length = Math.min(seen.length, preface.length)
    const isPreface = preface.compare(seen, 0, length, 0, length) === 0
    if (isPreface && length < preface.length) {
      this.#seen = seen
      return
    }
    const socket = this.#socket
    socket.removeListener('data', this.#onData)
    socket.removeListener('end', this.#onEnd)
    socket.pause()
    socket.unshift(seen)
    this.#onProtocol(isPreface ? 'http2' : 'http1')
  }

  readonly #onEnd = (): void => {
    this.#socket.destroy()
  }

  sweep(nowMs: number): void {
    if (nowMs < this.#deadlineMs) return
    this.#onTimeout()
    this.#socket.destroy()
  }

  drain(): void {
    this.#socket.destroy()
  }

  cut(): void {
    this.#socket.destroy()
  }
}
