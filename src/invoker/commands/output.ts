import { decodeOutput } from '../../protocol/messages/output.ts'
import { checkedResult } from './checked-result.ts'
import type { CommandReader } from './command-context.ts'

export const readOutput: CommandReader = (payload) => ({
  kind: 'output',
  result: checkedResult(decodeOutput(payload).result),
})
