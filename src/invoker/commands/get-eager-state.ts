import { EntryType } from '../../core/entry-type.ts'
import { decodeGetEagerState } from '../../protocol/messages/get-eager-state.ts'
import type { CommandReader } from './command-context.ts'
import { requireState } from './preconditions.ts'

/** The SDK has read the value from Start; the journal only keeps what it saw. */
export const readGetEagerState: CommandReader = (payload, context) => {
  requireState(context)
  decodeGetEagerState(payload)
  return { kind: 'record', entryType: EntryType.GetEagerState }
}
