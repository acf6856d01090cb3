import { decodeRun } from '../../protocol/messages/run.ts'
import type { CommandReader } from './command-context.ts'

export const readRun: CommandReader = (payload) => {
  const { resultCompletionId, name } = decodeRun(payload)
  return { kind: 'run', completionId: resultCompletionId, name }
}
