import { decodeGetLazyState } from '../../protocol/messages/get-lazy-state.ts'
import type { CommandReader } from './command-context.ts'
import { requireState } from './preconditions.ts'

export const readGetLazyState: CommandReader = (payload, context) => {
  requireState(context)
  const { key, resultCompletionId } = decodeGetLazyState(payload)
  return { kind: 'get-state', completionId: resultCompletionId, key }
}
