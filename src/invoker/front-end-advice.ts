import { ServiceUnreachable } from '../errors/invoker.ts'
import type { PerdureError } from '../errors/perdure-error.ts'
import { explainFrontEndAnswer, http2Advice } from '../gcp/front-end-answer.ts'
import type { ResponseHeaders } from './duplex.ts'
import type { AttemptProblem } from './problem.ts'
import type { Route } from './route.ts'

/** A problem with an answer, and if it is the answer of Cloud Run's front end, what that most likely means. */
export function explainedProblem(
  problem: AttemptProblem,
  status: number,
  headers: ResponseHeaders,
  { auth }: Route,
): AttemptProblem {
  const advice = explainFrontEndAnswer(status, headers, undefined, auth)
  if (advice === undefined) return problem
  const { failure } = problem
  return { ...problem, failure: { ...failure, message: `${failure.message}. ${advice}` } }
}

/** Why a stream broke before there was an answer; two-way streams to Cloud Run have one more reason to. */
export function explainedBreak(error: PerdureError | undefined, route: Route | undefined): PerdureError | undefined {
  if (error?.code !== ServiceUnreachable.definition.code) return error
  if (route?.auth === undefined || route.isRequestResponse) return error
  return new ServiceUnreachable(`${error.message}. ${http2Advice}`, { cause: error.cause })
}
