import { EntryType } from '../../core/entry-type.ts'
import { decodeInput } from '../../protocol/messages/input.ts'
import type { CommandReader } from './command-context.ts'

/** A second Input says nothing new; the peer stores it, too. */
export const readInput: CommandReader = (payload) => {
  decodeInput(payload)
  return { kind: 'record', entryType: EntryType.Input }
}
