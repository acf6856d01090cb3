import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import type { HttpAnswer, HttpRequest } from './http.ts'

const ANSWER_TIMEOUT_MS = 20_000
const sessions = new Map<string, ClientHttp2Session>()

/** The same as `exchange`, over HTTP/2 with prior knowledge. One connection for each server. */
export function exchangeHttp2(url: string, { method, headers = [], body }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const at = url.indexOf('/', 'http://'.length)
    const stream = sessionOf(url.slice(0, at)).request(
      {
        ':method': method,
        ':path': url.slice(at),
        ...grouped(headers),
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      // Node takes it that some methods have no body.
      { endStream: body === undefined },
    )
    stream.setTimeout(ANSWER_TIMEOUT_MS, () =>
      stream.destroy(new Error(`no answer to ${method} ${url} over HTTP/2 in ${ANSWER_TIMEOUT_MS} ms`)),
    )
    stream.once('error', reject)
    stream.once('response', (received) => {
      const { ':status': status = 0, ...others } = received
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('end', () =>
        resolve({
          status,
          headers: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)])),
          body: Buffer.concat(chunks),
        }),
      )
    })
    if (body !== undefined) stream.end(body)
  })
}

function sessionOf(origin: string): ClientHttp2Session {
  const known = sessions.get(origin)
  if (known !== undefined && !known.closed && !known.destroyed) return known
  const session = connect(origin)
  // Its streams say what is wrong.
  session.on('error', () => {})
  session.unref()
  sessions.set(origin, session)
  return session
}

/** Repeated names become one list. */
function grouped(headers: readonly (readonly [name: string, value: string])[]): OutgoingHttpHeaders {
  const lists = new Map<string, string[]>()
  for (const [written, value] of headers) {
    const name = written.toLowerCase()
    lists.set(name, [...(lists.get(name) ?? []), value])
  }
  return Object.fromEntries([...lists].map(([name, values]) => [name, values.length === 1 ? values[0] : values]))
}
