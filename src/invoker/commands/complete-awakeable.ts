import { EntryType } from '../../core/entry-type.ts'
import { ProtocolViolation } from '../../errors/invoker.ts'
import { BadId } from '../../errors/protocol.ts'
import { type AwakeableId, parseAwakeableId } from '../../protocol/ids.ts'
import { decodeCompleteAwakeable } from '../../protocol/messages/complete-awakeable.ts'
import { checkedResult } from './checked-result.ts'
import type { CommandReader } from './command-context.ts'

/** An awakeable is a signal of the invocation that made it. */
export const readCompleteAwakeable: CommandReader = (payload) => {
  const { awakeableId, result } = decodeCompleteAwakeable(payload)
  const { invocationId, signalIndex } = checkedId(awakeableId)
  return {
    kind: 'send-signal',
    entryType: EntryType.CompleteAwakeable,
    signal: { target: invocationId, key: { kind: 'signal', index: signalIndex }, result: checkedResult(result) },
  }
}

function checkedId(text: string): AwakeableId {
  try {
    return parseAwakeableId(text)
  } catch (error) {
    if (!(error instanceof BadId)) throw error
    throw new ProtocolViolation(`cannot complete an awakeable: ${error.message}`, { cause: error })
  }
}
