import { defaultMaxFutureDepth, type Future, readFuture, writeFuture } from '../values/future.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Protocol V7: what the handler waits for while the attempt goes on. Information only. */
export interface AwaitingOnMessage {
  readonly awaitingOn?: Future | undefined
  readonly executingSideEffects: boolean
}

export function encodeAwaitingOn(message: AwaitingOnMessage): Buffer {
  const writer = new WireWriter()
  if (message.awaitingOn !== undefined) writeFuture(writer, 1, message.awaitingOn)
  writer.bool(2, message.executingSideEffects)
  return writer.finish()
}

/** @throws FutureTooDeep */
export function decodeAwaitingOn(payload: Uint8Array, maxFutureDepth = defaultMaxFutureDepth): AwaitingOnMessage {
  const reader = new WireReader(payload, 'AwaitingOn')
  let awaitingOn: Future | undefined
  let executingSideEffects = false
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        awaitingOn = readFuture(reader, maxFutureDepth)
        break
      case 2:
        executingSideEffects = reader.bool()
        break
      default:
        reader.skip()
    }
  }
  return { awaitingOn, executingSideEffects }
}
