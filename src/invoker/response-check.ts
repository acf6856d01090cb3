import {
  MediaTypeUnsupported,
  RateLimited,
  RequestTooLarge,
  ServiceUnavailable,
  UnexpectedResponse,
} from '../errors/invoker.ts'
import type { ResponseHeaders } from './duplex.ts'
import { type AttemptProblem, infrastructureProblem, problemOf } from './problem.ts'

/**
 * What is wrong with the head of a response; `undefined` if the attempt can go on. No status ends an invocation:
 * all of these are retried.
 */
export function responseProblem(
  status: number,
  headers: ResponseHeaders,
  contentType: string,
  now: number,
): AttemptProblem | undefined {
  if (status >= 200 && status < 300) {
    const actual = textOf(headers['content-type'])
    if (actual === contentType) return undefined
    return problemOf(
      new UnexpectedResponse(
        `unexpected content type '${shown(actual)}', expected exactly '${contentType}'. ` +
          'Check that the address of the deployment is that of a Restate SDK endpoint',
      ),
    )
  }
  switch (status) {
    case 413:
      return problemOf(new RequestTooLarge('the service replied with content too large (413)'))
    case 415:
      return infrastructureProblem(
        new MediaTypeUnsupported(
          `the service does not accept '${contentType}' (415): register the deployment again after its SDK changed`,
        ),
      )
    case 429:
    case 503: {
      const problem = problemOf(new RateLimited(`rate limited by the service (${status})`))
      const delayMs = retryAfterMs(textOf(headers['retry-after']), now)
      return delayMs === undefined ? problem : { ...problem, delayMs }
    }
    case 502:
    case 504:
      return problemOf(new ServiceUnavailable(`the service is temporarily unavailable (${status})`))
    default:
      return problemOf(
        new UnexpectedResponse(
          `unexpected http status code ${status}${status === 404 ? ': check the path of the deployment, and that the service still has this handler' : ''}`,
        ),
      )
  }
}

/** Seconds, or an HTTP date. Anything else is as if it were absent. */
export function retryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const trimmed = text.trim()
  if (/^\d+$/.test(trimmed)) return Number(trimmed) * 1000
  // Date.parse takes much that is no HTTP date; all three forms of those begin with the day's name.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(trimmed)) return undefined
  const at = Date.parse(trimmed)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

export function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(', ')
}

/** What comes from a peer is repeated in messages only up to a point. */
function shown(text: string | undefined): string {
  if (text === undefined) return ''
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
