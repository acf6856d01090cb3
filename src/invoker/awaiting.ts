import type { Awaiting } from '../core/journal.ts'
import { ProtocolViolation } from '../errors/invoker.ts'
import { decodeSuspension } from '../protocol/messages/suspension.ts'
import type { Future } from '../protocol/values/future.ts'

/**
 * What a Suspension waits for. Protocol V5 and V6 have lists, V7 a tree, and neither has the other's. `seenEntries`
 * of the journal have reached the handler; the tree has at most `maxFutureDepth` levels.
 *
 * @throws FutureTooDeep
 */
export function awaitingOf(
  payload: Uint8Array,
  protocolVersion: number,
  seenEntries: number,
  maxFutureDepth: number,
): Awaiting {
  const message = decodeSuspension(payload, maxFutureDepth)
  const future = protocolVersion < 7 ? undefined : message.awaitingOn
  const awaiting = protocolVersion < 7 ? message : leavesOf(future)
  const { waitingCompletions, waitingSignals, waitingNamedSignals } = awaiting
  if (waitingCompletions.length + waitingSignals.length + waitingNamedSignals.length === 0) {
    throw new ProtocolViolation('a Suspension that waits for nothing would never be resumed')
  }
  return {
    completions: waitingCompletions,
    signals: waitingSignals,
    namedSignals: waitingNamedSignals,
    seenEntries,
    ...(future !== undefined && { future }),
  }
}

type Leaves = Pick<Future, 'waitingCompletions' | 'waitingSignals' | 'waitingNamedSignals'>

function leavesOf(root: Future | undefined): Leaves {
  const completions = new Set<number>()
  const signals = new Set<number>()
  const namedSignals = new Set<string>()
  const left = root === undefined ? [] : [root]
  for (let future = left.pop(); future !== undefined; future = left.pop()) {
    for (const id of future.waitingCompletions) completions.add(id)
    for (const index of future.waitingSignals) signals.add(index)
    for (const name of future.waitingNamedSignals) namedSignals.add(name)
    for (const nested of future.nestedFutures) left.push(nested)
  }
  return {
    waitingCompletions: [...completions],
    waitingSignals: [...signals],
    waitingNamedSignals: [...namedSignals],
  }
}
