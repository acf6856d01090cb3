import {
  type InvocationTarget,
  readIdempotentRequestTarget,
  readWorkflowTarget,
  writeInvocationTarget,
} from '../values/invocation-target.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Asks for the result of an invocation without waiting for it. */
export interface GetInvocationOutputMessage {
  readonly target: InvocationTarget
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeGetInvocationOutput(message: GetInvocationOutputMessage): Buffer {
  const writer = new WireWriter()
  writeInvocationTarget(writer, message.target)
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeGetInvocationOutput(payload: Uint8Array): GetInvocationOutputMessage {
  const reader = new WireReader(payload, 'GetInvocationOutput')
  let target: InvocationTarget | undefined
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        target = { kind: 'invocation-id', invocationId: reader.string() }
        break
      case 3:
        target = readIdempotentRequestTarget(reader)
        break
      case 4:
        target = readWorkflowTarget(reader)
        break
      case 11:
        resultCompletionId = reader.uint32()
        break
      case 12:
        name = reader.string()
        break
      default:
        reader.skip()
    }
  }
  if (target === undefined) return reader.refuse('no target')
  return { target, resultCompletionId, name }
}
