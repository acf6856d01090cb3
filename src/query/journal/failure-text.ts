import type { AttemptFailure } from '../../core/invocation.ts'
import type { Failure } from '../../core/journal.ts'

/** How the peer shows the failure of an invocation. */
export function failureText({ code, message }: Failure): string {
  return `[${code}] ${message}`
}

/** How it shows that of a promise: the most usual code with a word. */
export function promiseFailureText({ code, message }: Failure): string {
  return `[${code === 500 ? '500 Internal' : code}] ${message}`
}

/** How it shows that of an attempt: with the stack, if there is one. */
export function lastFailureText(failure: AttemptFailure): string {
  const { stacktrace } = failure
  return `${promiseFailureText(failure)}${stacktrace === undefined || stacktrace === '' ? '' : `\n${stacktrace}`}`
}
