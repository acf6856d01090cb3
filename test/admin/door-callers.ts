import { once } from 'node:events'
import { type ClientRequest, type IncomingHttpHeaders, request as request1 } from 'node:http'
import { connect } from 'node:http2'
import { createConnection } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { BoundAddress } from '../../src/listen/bound-address.ts'

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: Buffer | string
  /** Without a length, in chunks. */
  readonly chunked?: boolean
}

export interface Answered {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends a target byte for byte; `fetch` would normalise it. */
export type Caller = (target: string, asked?: Asked) => Promise<Answered>

export function http1Request(bound: BoundAddress, target: string, { method = 'POST', headers = {} }: Asked = {}) {
  return request1({
    method,
    path: target,
    headers: { host: 'localhost', ...headers },
    agent: false,
    ...(bound.kind === 'unix' ? { socketPath: bound.path } : { host: bound.host, port: bound.port }),
  })
}

export async function answerTo(request: ClientRequest): Promise<Answered> {
  const [response] = await once(request, 'response')
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    headers: response.headers,
    body: await buffer(response),
  }
}

export function http1Caller(bound: BoundAddress): Caller {
  return async (target, asked = {}) => {
    const { body, chunked } = asked
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = http1Request(bound, target, { ...asked, headers: { ...length, ...asked.headers } })
    // What is left of a body that the server does not want.
    request.on('error', () => {})
    const answer = answerTo(request)
    request.end(body)
    return answer
  }
}

export function http2Caller(bound: BoundAddress): Caller {
  return async (target, { method = 'POST', headers = {}, body } = {}) => {
    const socket = bound.kind === 'unix' ? createConnection(bound.path) : createConnection(bound.port, bound.host)
    const session = connect('http://localhost', { createConnection: () => socket })
    try {
      const stream = session.request({ ':method': method, ':path': target, ...headers })
      stream.end(body)
      const [answer] = await once(stream, 'response')
      return { status: answer[':status'], reason: '', headers: answer, body: await buffer(stream) }
    } finally {
      session.close()
    }
  }
}
