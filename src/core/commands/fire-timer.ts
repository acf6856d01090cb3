import { EntryType } from '../entry-type.ts'
import { begin } from '../lifecycle/begin.ts'
import { answer, startAttempt } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import type { FireTimer } from './command.ts'

/** A timer is due. One that has lost its meaning (the invocation is over, or was resumed) does nothing. */
export function fireTimer(turn: Turn, { timer }: FireTimer): void {
  const invocation = turn.state.get(timer.seq)
  if (invocation === undefined) return
  switch (timer.kind) {
    case 'start':
      if (invocation.status === 'scheduled') begin(turn, invocation)
      return
    case 'sleep':
      if (!invocation.sleeping.some((s) => s.completionId === timer.completionId)) return
      answer(turn, invocation, EntryType.SleepCompletion, timer.completionId, { kind: 'void' })
      return
    case 'retry':
      if (invocation.status === 'invoked' && invocation.retry?.nextAttemptAt === timer.at) {
        startAttempt(turn, invocation)
      }
  }
}
