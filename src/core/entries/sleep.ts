import type { SdkCommand } from '../commands/command.ts'
import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import { answer } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

type Sleep = Extract<SdkCommand, { kind: 'sleep' }>

/** A durable timer: the journal holds when it is due, so it survives everything that the journal survives. */
export function appendSleep(turn: Turn, invocation: Invocation, payload: Uint8Array, sleep: Sleep): void {
  const { completionId, wakeUpAt } = sleep
  appendRecord(turn, invocation, payload, EntryType.Sleep, [completionId])
  if (wakeUpAt <= turn.now) {
    answer(turn, invocation, EntryType.SleepCompletion, completionId, { kind: 'void' })
  } else {
    turn.emit({ type: 'sleep-started', seq: invocation.seq, completionId, wakeUpAt })
    turn.effect({ type: 'arm-timer', timer: { kind: 'sleep', seq: invocation.seq, at: wakeUpAt, completionId } })
  }
}
