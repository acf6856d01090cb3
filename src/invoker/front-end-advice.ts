import { ServiceUnreachable } from '../errors/invoker.ts'
import type { PerdureError } from '../errors/perdure-error.ts'
import { explainFrontEndAnswer, http2Advice, isFrontEndAnswer } from '../gcp/front-end-answer.ts'
import type { ResponseHeaders } from './duplex.ts'
import type { AttemptProblem } from './problem.ts'
import type { Route } from './route.ts'

/** Of a page that is looked at. */
const maxPageBytes = 4096

/**
 * An answer that is not the service's, but a page of Cloud Run's front end. Its beginning is read, because a status
 * alone does not tell a container that failed from one that speaks another protocol; it is never repeated.
 */
export class FrontEndPage {
  readonly #problem: AttemptProblem
  readonly #status: number
  readonly #headers: ResponseHeaders
  readonly #route: Route
  readonly #chunks: Buffer[] = []
  #roomBytes = maxPageBytes

  constructor(problem: AttemptProblem, status: number, headers: ResponseHeaders, route: Route) {
    this.#problem = problem
    this.#status = status
    this.#headers = headers
    this.#route = route
  }

  /** True once nothing more is wanted of it. */
  add(chunk: Uint8Array): boolean {
    this.#chunks.push(Buffer.from(chunk.subarray(0, this.#roomBytes)))
    this.#roomBytes = Math.max(0, this.#roomBytes - chunk.length)
    return this.#roomBytes === 0
  }

  /** The problem with the answer, and what that most likely means, by as much of the page as has come. */
  get problem(): AttemptProblem {
    const text = Buffer.concat(this.#chunks).toString('utf8')
    const advice = explainFrontEndAnswer(this.#status, this.#headers, text, this.#route.auth)
    if (advice === undefined) return this.#problem
    const { failure } = this.#problem
    return { ...this.#problem, failure: { ...failure, message: `${failure.message}. ${advice}` } }
  }
}

/** `undefined` if the answer is the service's own. */
export function frontEndPage(
  problem: AttemptProblem,
  status: number,
  headers: ResponseHeaders,
  route: Route,
): FrontEndPage | undefined {
  return isFrontEndAnswer(headers) ? new FrontEndPage(problem, status, headers, route) : undefined
}

/**
 * Whether the answer says that the ID token of the request gets nobody in: it is not accepted (401), or whose it is may
 * not call (403), which another one mends once the server was given other credentials. A service may say either for its
 * own reasons.
 */
export function isTokenRefusal(status: number, headers: ResponseHeaders): boolean {
  return (status === 401 || status === 403) && isFrontEndAnswer(headers)
}

/** Why a stream broke before there was an answer; two-way streams to Cloud Run have one more reason to. */
export function explainedBreak(error: PerdureError | undefined, route: Route | undefined): PerdureError | undefined {
  if (error?.code !== ServiceUnreachable.definition.code) return error
  if (route?.auth === undefined || route.isRequestResponse) return error
  return new ServiceUnreachable(`${error.message}. ${http2Advice}`, { cause: error.cause })
}
