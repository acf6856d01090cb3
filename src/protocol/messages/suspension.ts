import { defaultMaxFutureDepth, type Future, readFuture, writeFuture } from '../values/future.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/**
 * The handler waits and the attempt is over. Protocol V5 and V6 fill the three lists, any element of which wakes;
 * V7 fills `awaitingOn`. The field numbers do not overlap, so the payload itself tells which it is.
 */
export interface SuspensionMessage {
  readonly waitingCompletions: readonly number[]
  readonly waitingSignals: readonly number[]
  readonly waitingNamedSignals: readonly string[]
  readonly awaitingOn?: Future | undefined
}

export function encodeSuspension(message: SuspensionMessage): Buffer {
  const writer = new WireWriter()
  writer.packedUint32(1, message.waitingCompletions)
  writer.packedUint32(2, message.waitingSignals)
  writer.repeatedString(3, message.waitingNamedSignals)
  if (message.awaitingOn !== undefined) writeFuture(writer, 4, message.awaitingOn)
  return writer.finish()
}

/**
 * @throws ProtocolMalformed also when it waits for nothing: such a suspension would never end.
 * @throws FutureTooDeep
 */
export function decodeSuspension(payload: Uint8Array, maxFutureDepth = defaultMaxFutureDepth): SuspensionMessage {
  const reader = new WireReader(payload, 'Suspension')
  const waitingCompletions: number[] = []
  const waitingSignals: number[] = []
  const waitingNamedSignals: string[] = []
  let awaitingOn: Future | undefined
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        reader.uint32List(waitingCompletions)
        break
      case 2:
        reader.uint32List(waitingSignals)
        break
      case 3:
        reader.countElement()
        waitingNamedSignals.push(reader.string())
        break
      case 4:
        awaitingOn = readFuture(reader, maxFutureDepth)
        break
      default:
        reader.skip()
    }
  }
  const listed = waitingCompletions.length + waitingSignals.length + waitingNamedSignals.length
  if (listed === 0 && awaitingOn === undefined) reader.refuse('it waits for nothing')
  return { waitingCompletions, waitingSignals, waitingNamedSignals, awaitingOn }
}
