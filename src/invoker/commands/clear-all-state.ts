import { decodeClearAllState } from '../../protocol/messages/clear-all-state.ts'
import type { CommandReader } from './command-context.ts'
import { requireWritableState } from './preconditions.ts'

export const readClearAllState: CommandReader = (payload, context) => {
  requireWritableState(context)
  decodeClearAllState(payload)
  return { kind: 'clear-all-state' }
}
