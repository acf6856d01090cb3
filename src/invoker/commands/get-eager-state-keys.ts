import { EntryType } from '../../core/entry-type.ts'
import { decodeGetEagerStateKeys } from '../../protocol/messages/get-eager-state-keys.ts'
import type { CommandReader } from './command-context.ts'
import { requireState } from './preconditions.ts'

/** The SDK has read the keys from Start; the journal only keeps what it saw. */
export const readGetEagerStateKeys: CommandReader = (payload, context) => {
  requireState(context)
  decodeGetEagerStateKeys(payload)
  return { kind: 'record', entryType: EntryType.GetEagerStateKeys }
}
