import { EntryType } from '../entry-type.ts'
import { notify, startAttempt } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import type { FireTimer } from './command.ts'

/** A timer is due. One that has lost its meaning (the invocation is over, or was resumed) does nothing. */
export function fireTimer(turn: Turn, { timer }: FireTimer): void {
  const invocation = turn.state.get(timer.seq)
  if (invocation === undefined) return
  switch (timer.kind) {
    case 'start':
      if (invocation.status !== 'scheduled') return
      turn.emit({ type: 'invocation-started', seq: timer.seq, at: turn.now })
      turn.effect({ type: 'start-attempt', invocation, journalLength: invocation.journal.length, first: true })
      return
    case 'sleep':
      if (!invocation.sleeping.some((s) => s.completionId === timer.completionId)) return
      notify(
        turn,
        invocation,
        EntryType.SleepCompletion,
        { kind: 'completion', id: timer.completionId },
        { kind: 'void' },
      )
      return
    case 'retry':
      if (invocation.status === 'invoked' && invocation.retry?.nextAttemptAt === timer.at) {
        startAttempt(turn, invocation)
      }
  }
}
