import type { FailAttempt } from '../core/commands/command.ts'
import type { InvocationSeq } from '../core/ids.ts'
import type { AttemptFailure } from '../core/invocation.ts'
import { nextRetryDelayMs, type RetryPolicy } from '../core/retry-policy.ts'
import { JournalTooLarge, JournalTooLong } from '../errors/invoker.ts'
import type { PerdureError } from '../errors/perdure-error.ts'
import { FutureTooDeep } from '../errors/protocol.ts'

/** Why an attempt failed, and what that means for the attempts to come. */
export interface AttemptProblem {
  readonly failure: AttemptFailure
  /** False when it says nothing about the handler. */
  readonly countsForHandler: boolean
  /** The service chose the pause before the next attempt, ms; then the failure does not use up attempts. */
  readonly delayMs?: number
  /** Not retried: the invocation is paused, or fails, or is treated as if this was its last attempt. */
  readonly verdict?: 'pause' | 'fail' | 'exhausted'
}

/** A command that a problem belongs to. */
export interface RelatedCommand {
  readonly index: number
  readonly type: number
}

// A service may ask for any delay; this much keeps the time of the next attempt a date.
const longestDelayMs = 365 * 24 * 3600 * 1000

/** A problem that the server has found itself. */
export function problemOf(error: PerdureError, related?: RelatedCommand): AttemptProblem {
  const verdict = verdicts.get(error.code)
  return {
    failure: {
      code: error.status,
      message: error.message,
      ...(error.restateCode === undefined ? {} : { restateCode: error.restateCode }),
      ...(related === undefined ? {} : { relatedCommandIndex: related.index, relatedCommandType: related.type }),
    },
    // What there is no memory for is not the handler's failure.
    countsForHandler: verdict !== 'exhausted',
    ...(verdict === undefined ? {} : { verdict }),
  }
}

/** After these, another attempt would end in the same way as soon as it gets there. */
const verdicts: ReadonlyMap<string, NonNullable<AttemptProblem['verdict']>> = new Map([
  [JournalTooLarge.definition.code, 'exhausted'],
  [JournalTooLong.definition.code, 'pause'],
  [FutureTooDeep.definition.code, 'pause'],
])

/** A problem with the way to the service: Start's retry count stays as it is. */
export function infrastructureProblem(error: PerdureError): AttemptProblem {
  return { ...problemOf(error), countsForHandler: false }
}

export interface RetryDecision {
  readonly seq: InvocationSeq
  readonly now: number
  readonly policy: RetryPolicy
  /** Failures before this one that used up attempts. */
  readonly countedFailures: number
  /** In [0, 1). */
  readonly jitter: number
}

/** The command that reports the problem, with what the retry policy makes of it. */
export function failAttempt(problem: AttemptProblem, decision: RetryDecision): FailAttempt {
  return {
    type: 'fail-attempt',
    now: decision.now,
    seq: decision.seq,
    failure: problem.failure,
    countsForHandler: problem.countsForHandler,
    countsForPolicy: problem.delayMs === undefined,
    outcome: outcomeOf(problem, decision),
  }
}

function outcomeOf(problem: AttemptProblem, decision: RetryDecision): FailAttempt['outcome'] {
  if (problem.verdict === 'pause') return { kind: 'pause' }
  if (problem.verdict === 'fail') return { kind: 'kill' }
  const { now, policy } = decision
  if (problem.verdict === 'exhausted') return { kind: policy.onMaxAttempts }
  const delayMs = problem.delayMs ?? nextRetryDelayMs(policy, decision.countedFailures + 1, decision.jitter)
  if (delayMs === undefined) return { kind: policy.onMaxAttempts }
  return { kind: 'retry', at: now + Math.min(Math.max(0, delayMs), longestDelayMs) }
}
