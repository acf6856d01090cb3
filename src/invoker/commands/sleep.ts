import { decodeSleep } from '../../protocol/messages/sleep.ts'
import type { CommandReader } from './command-context.ts'

export const readSleep: CommandReader = (payload) => {
  const { resultCompletionId, wakeUpTime } = decodeSleep(payload)
  return { kind: 'sleep', completionId: resultCompletionId, wakeUpAt: wakeUpTime }
}
