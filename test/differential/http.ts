import { Agent, request } from 'node:http'

export interface HttpAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

export interface HttpRequest {
  readonly method: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: string | Buffer | undefined
}

const ANSWER_TIMEOUT_MS = 20_000
/** Idle connections are closed from this side, before a server does it while a request is on its way. */
const agent = new Agent({ keepAlive: true, timeout: 30_000 })

/** A larger body waits for `100 Continue`: a server that refuses it may close the connection while it is being sent. */
const EAGER_BODY_BYTES = 8 * 1024 * 1024

/** Sends a request with these headers and no others but Host, Connection, Content-Length and Expect. */
export function exchange(url: string, { method, headers = [], body }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(body)
    const { hostname, port } = new URL(url)
    const isChunked = headers.some(([name]) => name === 'transfer-encoding')
    const careful = payload !== undefined && payload.length > EAGER_BODY_BYTES
    const sent = request({
      agent,
      hostname,
      port,
      method,
      // As text: a URL object would clean up paths that are meant to be odd.
      path: url.slice(url.indexOf('/', 'http://'.length)),
      headers: [
        'host',
        `${hostname}:${port}`,
        ...headers.flat(),
        ...(payload === undefined || isChunked ? [] : ['content-length', String(payload.length)]),
        ...(careful ? ['expect', '100-continue'] : []),
      ],
      timeout: ANSWER_TIMEOUT_MS,
    })
    sent.once('timeout', () => sent.destroy(new Error(`no answer to ${method} ${url} in ${ANSWER_TIMEOUT_MS} ms`)))
    sent.once('error', reject)
    sent.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(received),
          body: Buffer.concat(chunks),
        })
      })
    })
    if (careful) sent.once('continue', () => sent.end(payload))
    else sent.end(payload)
  })
}
