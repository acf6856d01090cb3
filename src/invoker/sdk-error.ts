import type { ErrorMessage } from '../protocol/messages/error.ts'
import type { AttemptProblem } from './problem.ts'

const journalMismatch = 570
const protocolViolation = 571
const largestCode = 65_535

/** What an Error message of the SDK means: it is retried unless the SDK says otherwise. */
export function sdkErrorProblem(error: ErrorMessage): AttemptProblem {
  return {
    failure: {
      code: error.code > largestCode ? 500 : error.code,
      message: error.message,
      restateCode: restateCodeOf(error.code),
      ...(error.stacktrace === '' ? {} : { stacktrace: error.stacktrace }),
      ...(error.relatedCommandIndex === undefined ? {} : { relatedCommandIndex: error.relatedCommandIndex }),
      ...(error.relatedCommandName === undefined ? {} : { relatedCommandName: error.relatedCommandName }),
      ...(error.relatedCommandType === undefined ? {} : { relatedCommandType: error.relatedCommandType }),
    },
    countsForHandler: true,
    ...(error.nextRetryDelayMs === undefined ? {} : { delayMs: error.nextRetryDelayMs }),
    ...(error.behavior === 'pause' || error.behavior === 'fail' ? { verdict: error.behavior } : {}),
  }
}

function restateCodeOf(code: number): string {
  if (code === journalMismatch) return 'RT0016'
  return code === protocolViolation ? 'RT0012' : 'RT0007'
}
