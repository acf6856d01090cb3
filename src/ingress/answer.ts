import type { OutputRule } from '../core/deployment.ts'
import type { InvocationId } from '../core/ids.ts'
import type { Failure } from '../core/journal.ts'
import type { Acceptance, Completion } from '../partition/partition-client.ts'
import { outputContentType } from './content-rules.ts'
import type { Outcome } from './metrics.ts'

/** A response, before it is written. The length is added when it is. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | undefined
  /** How the request is counted. */
  readonly outcome: Outcome
}

const idHeader = 'x-restate-id'
const sourceHeader = 'x-restate-error-source'
const json = 'application/json'

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...headers, 'content-type': json }, body: JSON.stringify(value), outcome: 'completed' }
}

/** An error of ingress itself: `{"code":404,"message":"…","source":"ingress"}`. */
export function ingressErrorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { ...headers, [sourceHeader]: 'ingress', 'content-type': json },
    body: ingressErrorBody(status, message),
    outcome: status >= 500 ? 'ingress_error' : 'request_error',
  }
}

/** Errors of the listener, which knows no more than a status and a text, in the shape of ingress. */
export function formatIngressError(status: number, message: string): { headers: Record<string, string>; body: string } {
  return {
    headers: { [sourceHeader]: 'ingress', 'content-type': json },
    body: ingressErrorBody(status, message),
  }
}

function ingressErrorBody(status: number, message: string): string {
  return JSON.stringify({ code: status, message, source: 'ingress' })
}

/** What a send is answered with: 202, also for a duplicate. */
export function acceptanceAnswer(acceptance: Acceptance, executionTimeMs: number | undefined): Answer {
  const { id, status } = acceptance
  return jsonAnswer(
    202,
    {
      invocationId: id,
      ...(executionTimeMs === undefined ? {} : { executionTime: nineDigitTime(executionTimeMs) }),
      status: status === 'accepted' ? 'Accepted' : 'PreviouslyAccepted',
    },
    { [idHeader]: id },
  )
}

/**
 * The result of an invocation. `maxStatus` is the highest status that the connection can carry: 999 for HTTP/1, 599 for
 * HTTP/2 as Node has it.
 */
export function completionAnswer(completion: Completion, rule: OutputRule, maxStatus: number): Answer {
  const { id, result, retainedUntil } = completion
  const headers: Record<string, string> = { [idHeader]: id }
  if (retainedUntil !== undefined) headers['idempotency-expires'] = offsetTime(retainedUntil)
  if (result.kind === 'failure') return failureAnswer(result.failure, headers, maxStatus)
  const contentType = outputContentType(rule, result.value.length)
  if (contentType !== undefined) headers['content-type'] = contentType
  return { status: 200, headers, body: result.value, outcome: 'completed' }
}

/** A failure that an invocation ended with, or that stands for one that cannot be: attach to nothing, a second run. */
export function invocationErrorAnswer(id: InvocationId, code: number, message: string): Answer {
  return failureAnswer({ code, message }, { [idHeader]: id }, 599)
}

/**
 * The code of a terminal error is the status, whatever it means; the body says that it is an error. Codes that no
 * response can have answer 500. 204, 205 and 304 have no body in HTTP.
 */
function failureAnswer(failure: Failure, headers: Record<string, string>, maxStatus: number): Answer {
  const { code, message, metadata } = failure
  const status = code >= 200 && code <= maxStatus ? code : 500
  headers[sourceHeader] = 'invocation'
  if (status === 204 || status === 205 || status === 304) {
    // Else HTTP/1.1 would begin a body in pieces.
    if (status === 205) headers['content-length'] = '0'
    return { status, headers, body: undefined, outcome: 'invocation_error' }
  }
  headers['content-type'] = json
  const body = JSON.stringify({
    code,
    message,
    ...(metadata !== undefined && metadata.length > 0 ? { metadata: Object.fromEntries(metadata) } : {}),
    source: 'invocation',
  })
  return { status, headers, body, outcome: 'invocation_error' }
}

/** RFC 3339 in UTC with nine digits, or none for a whole second, as the peer has it. */
function nineDigitTime(ms: number): string {
  const text = new Date(ms).toISOString()
  return ms % 1000 === 0 ? `${text.slice(0, -5)}Z` : `${text.slice(0, -1)}000000Z`
}

/** RFC 3339 with an offset; the milliseconds only where there are any. */
function offsetTime(ms: number): string {
  const text = new Date(ms).toISOString()
  return `${ms % 1000 === 0 ? text.slice(0, -5) : text.slice(0, -1)}+00:00`
}
