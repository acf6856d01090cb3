import { decodeGetLazyStateKeys } from '../../protocol/messages/get-lazy-state-keys.ts'
import type { CommandReader } from './command-context.ts'
import { requireState } from './preconditions.ts'

export const readGetLazyStateKeys: CommandReader = (payload, context) => {
  requireState(context)
  return { kind: 'get-state-keys', completionId: decodeGetLazyStateKeys(payload).resultCompletionId }
}
