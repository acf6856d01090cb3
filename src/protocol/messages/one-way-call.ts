import { type Header, readHeader, writeHeaders } from '../values/header.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

const emptyBytes = Buffer.alloc(0)

/** Calls a handler without waiting. Field numbers differ from those of Call. */
export interface OneWayCallMessage {
  readonly serviceName: string
  readonly handlerName: string
  readonly parameter: Uint8Array
  /** ms since epoch; 0 for now. */
  readonly invokeTime: number
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
  readonly name: string
}

export function encodeOneWayCall(message: OneWayCallMessage): Buffer {
  const writer = new WireWriter()
  writer.string(1, message.serviceName)
  writer.string(2, message.handlerName)
  writer.bytes(3, message.parameter)
  writer.uint64(4, message.invokeTime)
  writeHeaders(writer, 5, message.headers)
  writer.string(6, message.key)
  writer.optionalString(7, message.idempotencyKey)
  writer.optionalString(8, message.scope)
  writer.optionalString(9, message.limitKey)
  writer.uint32(10, message.invocationIdNotificationIdx)
  writer.string(12, message.name)
  return writer.finish()
}

export function decodeOneWayCall(payload: Uint8Array): OneWayCallMessage {
  const reader = new WireReader(payload, 'OneWayCall')
  let serviceName = ''
  let handlerName = ''
  let parameter: Uint8Array = emptyBytes
  let invokeTime = 0
  const headers: Header[] = []
  let key = ''
  let idempotencyKey: string | undefined
  let scope: string | undefined
  let limitKey: string | undefined
  let invocationIdNotificationIdx = 0
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
        invokeTime = reader.uint64()
        break
      case 5:
        headers.push(readHeader(reader))
        break
      case 6:
        key = reader.string()
        break
      case 7:
        idempotencyKey = reader.string()
        break
      case 8:
        scope = reader.string()
        break
      case 9:
        limitKey = reader.string()
        break
      case 10:
        invocationIdNotificationIdx = reader.uint32()
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
    invokeTime,
    headers,
    key,
    idempotencyKey,
    scope,
    limitKey,
    invocationIdNotificationIdx,
    name,
  }
}
