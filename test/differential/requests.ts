import { maskedContent } from './answers.ts'
import type { Client } from './client.ts'
import type { HttpAnswer } from './http.ts'
import { normalise } from './observation.ts'
import type { Json } from './service/program.ts'

export type Header = readonly [name: string, value: string]

/** One request at ingress. `{Name}` in the path stands for the name that a service has in the pass. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: readonly Header[]
  readonly body: Buffer | undefined
  /** Where the request cannot be made over the other one, or where a server cannot answer it over the other one. */
  readonly only?: Transport
}

type Transport = 'http1' | 'http2'
const transports: readonly Transport[] = ['http1', 'http2']

export function request(
  method: string,
  path: string,
  headers: readonly Header[] = [],
  body?: string | Buffer,
): Request {
  return { method, path, headers, body: body === undefined ? undefined : Buffer.from(body) }
}

export const get = (path: string, headers: readonly Header[] = []): Request => request('GET', path, headers)

/** With a JSON body. */
export const post = (path: string, value: Json = null, headers: readonly Header[] = []): Request =>
  request('POST', path, [['content-type', 'application/json'], ...headers], JSON.stringify(value))

/** Only over HTTP/1.1. */
export const http1 = (one: Request): Request => ({ ...one, only: 'http1' })

/** By protocol. */
type Answers = Readonly<Partial<Record<Transport, unknown>>>

/** Sends each request over HTTP/1.1, then over HTTP/2; answers all that is in the answers. */
export async function answersTo(
  c: Client,
  rows: Readonly<Record<string, Request>>,
): Promise<Readonly<Record<string, Answers>>> {
  const answers = await answersWithIds(c, rows)
  // Ids are counted for each request alone: one that differs must not make the others differ.
  return Object.fromEntries(Object.entries(answers).map(([name, ofOne]) => [name, normalise(ofOne, c.key) as Answers]))
}

/** The same, with ids as they came: which requests are of the same invocation is compared, too. */
export async function answersWithIds(
  c: Client,
  rows: Readonly<Record<string, Request>>,
): Promise<Readonly<Record<string, Answers>>> {
  const seen: Record<string, Answers> = {}
  for (const [name, row] of Object.entries(rows)) {
    const answers: Partial<Record<Transport, unknown>> = {}
    for (const transport of transports) {
      if (row.only === undefined || row.only === transport) answers[transport] = await answerTo(c, row, transport)
    }
    seen[name] = answers
  }
  return seen
}

async function answerTo(c: Client, { method, path, headers, body }: Request, transport: Transport): Promise<unknown> {
  const raw = body === undefined ? undefined : { type: undefined, bytes: body }
  try {
    return wholeAnswer(await c.ingressExchange(method, path, raw, { headers, http2: transport === 'http2' }))
  } catch (error) {
    return { noAnswer: error instanceof Error ? error.message : String(error) }
  }
}

/** Of the connection, or never the same twice. */
const notCompared = new Set(['date', 'connection', 'keep-alive'])

/** Status, all headers and the body, but for texts of the server's own. */
export function wholeAnswer({ status, headers, body }: HttpAnswer): Record<string, unknown> {
  const source = headers['x-restate-error-source']
  // What there is to say when nobody can be attached to is the server's own text, too.
  const isOwnText = source === 'ingress' || (source === 'invocation' && status === 404)
  const compared = Object.entries(headers).filter(
    ([name]) => !notCompared.has(name) && !(name === 'content-length' && (isOwnText || body.length === 0)),
  )
  return {
    status,
    headers: Object.fromEntries(compared),
    body: maskedContent(body, headers['content-type'], isOwnText ? { message: '…' } : { stacktrace: '…' }),
  }
}
