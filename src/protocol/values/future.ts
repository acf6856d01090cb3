import { FutureTooDeep } from '../../errors/protocol.ts'
import type { WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'

/** How the children of a future, leaves and nested ones, make up its outcome. The order gives the wire's numbers. */
const combinators = [
  'unknown',
  'first-completed',
  'all-completed',
  'first-succeeded-or-all-failed',
  'all-succeeded-or-first-failed',
] as const

export type Combinator = (typeof combinators)[number]

/** What a handler waits for, as a tree (protocol V7). */
export interface Future {
  readonly waitingCompletions: readonly number[]
  readonly waitingSignals: readonly number[]
  readonly waitingNamedSignals: readonly string[]
  readonly nestedFutures: readonly Future[]
  /** Numbers that are not known are read as `unknown`, which wakes on any child. */
  readonly combinator: Combinator
}

/** The peer's default of `max-awaited-future-depth`. */
export const defaultMaxFutureDepth = 1000

export function writeFuture(writer: WireWriter, field: number, future: Future): void {
  const mark = writer.beginMessage(field)
  writer.packedUint32(1, future.waitingCompletions)
  writer.packedUint32(2, future.waitingSignals)
  writer.repeatedString(3, future.waitingNamedSignals)
  for (const nested of future.nestedFutures) writeFuture(writer, 4, nested)
  writer.uint32(5, combinators.indexOf(future.combinator))
  writer.endMessage(mark)
}

/**
 * Reads the future in the current field; a future without nested ones has depth 1.
 *
 * @throws FutureTooDeep when the tree is deeper than `maxDepth`.
 */
export function readFuture(parent: WireReader, maxDepth: number, depth = 1): Future {
  if (depth > maxDepth) {
    throw new FutureTooDeep(`awaited futures are nested more than ${maxDepth} deep; await them in fewer layers`)
  }
  const reader = parent.message('Future')
  const waitingCompletions: number[] = []
  const waitingSignals: number[] = []
  const waitingNamedSignals: string[] = []
  const nestedFutures: Future[] = []
  let combinator: Combinator = 'unknown'
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
        reader.countElement()
        nestedFutures.push(readFuture(reader, maxDepth, depth + 1))
        break
      case 5:
        combinator = combinators[reader.uint32()] ?? 'unknown'
        break
      default:
        reader.skip()
    }
  }
  return { waitingCompletions, waitingSignals, waitingNamedSignals, nestedFutures, combinator }
}
