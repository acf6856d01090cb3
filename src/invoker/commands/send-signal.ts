import { EntryType } from '../../core/entry-type.ts'
import { ProtocolViolation } from '../../errors/invoker.ts'
import { isInvocationId } from '../../protocol/ids.ts'
import { decodeSendSignal } from '../../protocol/messages/send-signal.ts'
import { checkedResult } from './checked-result.ts'
import type { CommandReader } from './command-context.ts'

export const readSendSignal: CommandReader = (payload) => {
  const { targetInvocationId, signal, result } = decodeSendSignal(payload)
  if (!isInvocationId(targetInvocationId)) {
    throw new ProtocolViolation('the target of a signal is no invocation id')
  }
  return {
    kind: 'send-signal',
    entryType: EntryType.SendSignal,
    signal: {
      target: targetInvocationId,
      key: signal,
      result: result.kind === 'void' ? result : checkedResult(result),
    },
  }
}
