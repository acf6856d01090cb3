import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** In the order of the wire's numbers. */
const behaviors = ['retry', 'pause', 'fail'] as const

/** What the SDK wants to follow from the error. */
export type ErrorBehavior = (typeof behaviors)[number]

/** The attempt failed; it is retried unless `behavior` says otherwise. */
export interface ErrorMessage {
  readonly code: number
  readonly message: string
  readonly stacktrace: string
  readonly relatedCommandIndex?: number | undefined
  readonly relatedCommandName?: string | undefined
  /** A message type, such as 1041 for Run. */
  readonly relatedCommandType?: number | undefined
  /** Overrides the retry policy for one delay. */
  readonly nextRetryDelayMs?: number | undefined
  /** Numbers that are not known are read as `retry`. */
  readonly behavior: ErrorBehavior
}

export function encodeError(message: ErrorMessage): Buffer {
  const writer = new WireWriter()
  writer.uint32(1, message.code)
  writer.string(2, message.message)
  writer.string(3, message.stacktrace)
  writer.optionalUint32(4, message.relatedCommandIndex)
  writer.optionalString(5, message.relatedCommandName)
  writer.optionalUint32(6, message.relatedCommandType)
  writer.optionalUint64(8, message.nextRetryDelayMs)
  writer.uint32(9, behaviors.indexOf(message.behavior))
  return writer.finish()
}

export function decodeError(payload: Uint8Array): ErrorMessage {
  const reader = new WireReader(payload, 'Error')
  let code = 0
  let message = ''
  let stacktrace = ''
  let relatedCommandIndex: number | undefined
  let relatedCommandName: string | undefined
  let relatedCommandType: number | undefined
  let nextRetryDelayMs: number | undefined
  let behavior: ErrorBehavior = 'retry'
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        code = reader.uint32()
        break
      case 2:
        message = reader.string()
        break
      case 3:
        stacktrace = reader.string()
        break
      case 4:
        relatedCommandIndex = reader.uint32()
        break
      case 5:
        relatedCommandName = reader.string()
        break
      case 6:
        relatedCommandType = reader.uint32()
        break
      case 8:
        nextRetryDelayMs = reader.uint64()
        break
      case 9:
        behavior = behaviors[reader.uint32()] ?? 'retry'
        break
      default:
        reader.skip()
    }
  }
  return {
    code,
    message,
    stacktrace,
    relatedCommandIndex,
    relatedCommandName,
    relatedCommandType,
    nextRetryDelayMs,
    behavior,
  }
}
