import { once } from 'node:events'
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One HTTP/2 request on a connection of its own; GET unless there is a body. */
export async function request(
  origin: string,
  headers: OutgoingHttpHeaders,
  options: { readonly path?: string; readonly body?: string | Buffer; readonly ca?: string } = {},
): Promise<Answer> {
  const session = connect(origin, options.ca === undefined ? {} : { ca: options.ca })
  try {
    const { body, path = '/discover' } = options
    const stream = session.request({ ':method': body === undefined ? 'GET' : 'POST', ':path': path, ...headers })
    stream.end(body)
    const [response]: IncomingHttpHeaders[] = await once(stream, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return { status: Number(response?.[':status']), headers: { ...response }, body: Buffer.concat(chunks).toString() }
  } finally {
    session.destroy()
  }
}
