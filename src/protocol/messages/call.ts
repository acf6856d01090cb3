import { type Header, readHeader, writeHeaders } from '../values/header.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

const emptyBytes = Buffer.alloc(0)

/** Calls a handler and waits for its result. */
export interface CallMessage {
  readonly serviceName: string
  readonly handlerName: string
  readonly parameter: Uint8Array
  readonly headers: readonly Header[]
  /** Object key or workflow id; empty for plain services. */
  readonly key: string
  readonly idempotencyKey?: string | undefined
  /** Protocol V7. */
  readonly scope?: string | undefined
  /** Protocol V7. */
  readonly limitKey?: string | undefined
  /** Completion id of the CallInvocationIdCompletion. */
  readonly invocationIdNotificationIdx: number
  readonly resultCompletionId: number
  readonly name: string
}

export function encodeCall(message: CallMessage): Buffer {
  const writer = new WireWriter()
  writer.string(1, message.serviceName)
  writer.string(2, message.handlerName)
  writer.bytes(3, message.parameter)
  writeHeaders(writer, 4, message.headers)
  writer.string(5, message.key)
  writer.optionalString(6, message.idempotencyKey)
  writer.optionalString(7, message.scope)
  writer.optionalString(8, message.limitKey)
  writer.uint32(10, message.invocationIdNotificationIdx)
  writer.uint32(11, message.resultCompletionId)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeCall(payload: Uint8Array): CallMessage {
  const reader = new WireReader(payload, 'Call')
  let serviceName = ''
  let handlerName = ''
  let parameter: Uint8Array = emptyBytes
  const headers: Header[] = []
  let key = ''
  let idempotencyKey: string | undefined
  let scope: string | undefined
  let limitKey: string | undefined
  let invocationIdNotificationIdx = 0
  let resultCompletionId = 0
  let name = ''
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        serviceName = reader.string()
        break
      case 2:
        handlerName = reader.string()
        break
      case 3:
        parameter = reader.bytes()
        break
      case 4:
        headers.push(readHeader(reader))
        break
      case 5:
        key = reader.string()
        break
      case 6:
        idempotencyKey = reader.string()
        break
      case 7:
        scope = reader.string()
        break
      case 8:
        limitKey = reader.string()
        break
      case 10:
        invocationIdNotificationIdx = reader.uint32()
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
  return {
    serviceName,
    handlerName,
    parameter,
    headers,
    key,
    idempotencyKey,
    scope,
    limitKey,
    invocationIdNotificationIdx,
    resultCompletionId,
    name,
  }
}
