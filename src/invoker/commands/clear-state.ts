import { decodeClearState } from '../../protocol/messages/clear-state.ts'
import type { CommandReader } from './command-context.ts'
import { requireWritableState } from './preconditions.ts'

export const readClearState: CommandReader = (payload, context) => {
  requireWritableState(context)
  return { kind: 'clear-state', key: decodeClearState(payload).key }
}
