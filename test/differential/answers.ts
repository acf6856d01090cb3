import { createHash } from 'node:crypto'
import type { HttpAnswer } from './http.ts'
import type { Json } from './service/program.ts'

/** An answer, reduced to what clients depend on. */
export interface Answer {
  readonly status: number
  /** The invocation's id, from the header. */
  readonly id?: string
  readonly type?: string
  readonly source?: string
  /** The answer came from a stored result. */
  readonly expires?: true
  readonly body: Json
}

/**
 * At ingress: texts of the server's own errors are not compared, because clients read status, code and source. What a handler
 * said, and how an invocation ended, is compared word by word.
 */
export function ingressAnswer({ status, headers, body }: HttpAnswer): Answer {
  const id = headers['x-restate-id']
  const type = headers['content-type']
  const source = headers['x-restate-error-source']
  return {
    status,
    ...(id !== undefined && { id }),
    // 204 has no content, and so no type that anybody could depend on.
    ...(type !== undefined && status !== 204 && { type }),
    ...(source !== undefined && { source }),
    ...(headers['idempotency-expires'] !== undefined && { expires: true }),
    body: maskedContent(body, type, source === 'ingress' ? { message: '…' } : { stacktrace: '…' }),
  }
}

/** At the admin API: of an error, status and `restate_code` are compared. */
export function adminAnswer({ status, headers, body }: HttpAnswer): Answer {
  const type = headers['content-type']
  const text = type === undefined || type.startsWith('application/json') ? {} : { type }
  return { status, ...text, body: status < 400 ? maskedContent(body, type, {}) : errorOf(body, type) }
}

function errorOf(body: Buffer, type: string | undefined): Json {
  return type?.startsWith('application/json') === true
    ? maskedContent(body, type, { message: '…' })
    : body.length === 0
      ? ''
      : '…'
}

const SHOWN_BYTES = 4096

/** `masked` replaces members whose texts are not compared. */
export function maskedContent(body: Buffer, type: string | undefined, masked: Readonly<Record<string, string>>): Json {
  if (body.length > SHOWN_BYTES) return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') }
  if (type?.startsWith('application/json') !== true || body.length === 0) return body.toString('latin1')
  const parsed: Json = JSON.parse(body.toString())
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return parsed
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, masked[name] ?? value]))
}
