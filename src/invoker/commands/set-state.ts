import { decodeSetState } from '../../protocol/messages/set-state.ts'
import type { CommandReader } from './command-context.ts'
import { requireWritableState } from './preconditions.ts'

export const readSetState: CommandReader = (payload, context) => {
  requireWritableState(context)
  const { key, value } = decodeSetState(payload)
  return { kind: 'set-state', key, value }
}
