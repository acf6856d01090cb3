import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { CommandAdminUnreachable, CommandAdminUrl, CommandRefused } from '../errors/command.ts'

/** Longer than a query may take. */
const SILENCE_MS = 60_000

/** More than any answer of the admin API has; see the limits of queries. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024

export type Environment = Readonly<Record<string, string | undefined>>

/** The admin API as commands use it: where the official CLI's variables say that it is. */
export class AdminClient {
  readonly #send: (options: RequestOptions) => ClientRequest
  readonly #prefix: string
  readonly #token: string | undefined

  /** `RESTATE_ADMIN_URL` (http, https or `unix:/path`) and `RESTATE_AUTH_TOKEN`. Throws `CommandAdminUrl`. */
  constructor(env: Environment) {
    const { target, prefix, send } = endpointOf(env.RESTATE_ADMIN_URL || 'http://127.0.0.1:9070')
    this.#send = (options) => send({ ...target, ...options })
    this.#prefix = prefix
    this.#token = env.RESTATE_AUTH_TOKEN || undefined
  }

  /**
   * The JSON of the answer, `undefined` if it has no body. Rejects with `CommandRefused` for an answer that is no success, and
   * with `CommandAdminUnreachable`.
   */
  async ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const request = this.#send({
      method,
      path: this.#prefix + path,
      headers: {
        accept: 'application/json',
        ...(bytes !== undefined && { 'content-type': 'application/json', 'content-length': bytes.length }),
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      },
    })
    const { status, text } = await new Promise<RawAnswer>((resolve, reject) => {
      const unreachable = (error: Error) =>
        reject(
          new CommandAdminUnreachable(
            `the admin API cannot be reached: ${error.message}. Is the server running, and does RESTATE_ADMIN_URL say where?`,
            { cause: error },
          ),
        )
      request.setTimeout(SILENCE_MS, () => request.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)))
      request.once('error', unreachable)
      request.once('response', (response) => readAnswer(response).then(resolve, unreachable))
      request.end(bytes)
    })
    if (status < 200 || status > 299) throw new CommandRefused(`${method} ${path}: ${status} ${messageOf(text)}`)
    return text === '' ? undefined : parsed(text)
  }
}

interface Endpoint {
  readonly target: RequestOptions
  readonly prefix: string
  readonly send: (options: RequestOptions) => ClientRequest
}

function endpointOf(text: string): Endpoint {
  const socket = /^unix:(?:\/\/)?(\/.+)$/.exec(text)?.[1]
  if (socket !== undefined) return { target: { socketPath: socket, host: 'localhost' }, prefix: '', send: requestHttp }
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CommandAdminUrl('RESTATE_ADMIN_URL must be http://…, https://… or unix:/path/to/admin.sock')
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    target: { host, ...(url.port !== '' && { port: url.port }) },
    prefix: url.pathname.replace(/\/+$/, ''),
    send: url.protocol === 'https:' ? requestHttps : requestHttp,
  }
}

interface RawAnswer {
  readonly status: number
  readonly text: string
}

async function readAnswer(response: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of response) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CommandAdminUnreachable('what answers at RESTATE_ADMIN_URL is no admin API: it sent no JSON', {
      cause: error,
    })
  }
}

function messageOf(text: string): string {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && 'message' in answer) return String(answer.message)
  } catch {
    // Some errors are plain text.
  }
  return text.slice(0, 1000)
}
