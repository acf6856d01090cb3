import {
  type InvocationTarget,
  readIdempotentRequestTarget,
  readWorkflowTarget,
  writeInvocationTarget,
} from '../values/invocation-target.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Waits for the result of an invocation. */
export interface AttachInvocationMessage {
  readonly target: InvocationTarget
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeAttachInvocation(message: AttachInvocationMessage): Buffer {
  const writer = new WireWriter()
  writeInvocationTarget(writer, message.target)
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeAttachInvocation(payload: Uint8Array): AttachInvocationMessage {
  const reader = new WireReader(payload, 'AttachInvocation')
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
