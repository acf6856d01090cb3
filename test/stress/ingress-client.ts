import assert from 'node:assert/strict'
import { Pool } from 'undici'

/** Requests in progress at once, and connections. */
export const CONNECTIONS = 96

export interface Answer {
  readonly status: number
  readonly body: Uint8Array
}

/** Calls ingress over connections that stay open: the load is for the server, not for the client. */
export class IngressClient {
  readonly #pool: Pool

  constructor(origin: string) {
    // A crash of the server shows as a broken connection; silence is no error, long polls are part of it.
    this.#pool = new Pool(origin, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 })
  }

  /** `body`: bytes go as they are, everything else as JSON. Rejects when the connection breaks. */
  async request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    const isBinary = body instanceof Uint8Array
    const response = await this.#pool.request({
      method,
      path,
      ...(body !== undefined && {
        headers: { 'content-type': isBinary ? 'application/octet-stream' : 'application/json' },
        body: isBinary ? body : JSON.stringify(body),
      }),
    })
    return { status: response.statusCode, body: await response.body.bytes() }
  }

  /** The answer's JSON; `undefined` for an empty one. Anything but a success rejects. */
  async json<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const answer = await this.request(method, path, body)
    const text = Buffer.from(answer.body).toString()
    assert(answer.status < 300, `${method} ${path}: ${answer.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}
