import { complete } from '../lifecycle/complete.ts'
import { pauseNow } from '../lifecycle/pause-now.ts'
import type { Turn } from '../turn.ts'
import type { FailAttempt } from './command.ts'

/** An attempt failed. Retry state is durable: a restart neither forgets attempts nor repeats them all at once. */
export function failAttempt(turn: Turn, command: FailAttempt): void {
  const invocation = turn.state.get(command.seq)
  if (invocation?.status !== 'invoked') return
  const { seq } = invocation
  const { failure, outcome } = command
  switch (outcome.kind) {
    case 'retry': {
      if (invocation.pauseRequested) {
        pauseNow(turn, invocation, failure)
        return
      }
      const before = invocation.retry
      const retry = {
        countedFailures: (before?.countedFailures ?? 0) + (command.countsForPolicy ? 1 : 0),
        failuresSinceLastEntry: (before?.failuresSinceLastEntry ?? 0) + (command.countsForHandler ? 1 : 0),
        lastFailure: failure,
        nextAttemptAt: outcome.at,
      }
      turn.emit({ type: 'attempt-failed', seq, at: turn.now, afterEntries: invocation.journal.length, retry })
      turn.effect({ type: 'arm-timer', timer: { kind: 'retry', seq, at: outcome.at } })
      return
    }
    case 'pause':
      pauseNow(turn, invocation, failure)
      return
    case 'kill': {
      const { code, message } = failure
      complete(turn, invocation, { kind: 'failure', failure: { code, message } })
    }
  }
}
