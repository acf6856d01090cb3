import { readEvents } from '../core/codec/event-codec.ts'
import { evolve } from '../core/evolve.ts'
import type { Invocation } from '../core/invocation.ts'
import { PartitionState } from '../core/state.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { Residency } from './residency.ts'

export interface Recovered {
  readonly state: PartitionState
  readonly residency: Residency
  /** Batches of the log that the store did not have. */
  readonly replayedBatches: number
}

/** Makes the state again: what the store has, and the log from where the store ends. The store gets that too. */
export function recover(log: Log, store: Store): Recovered {
  const residency = new Residency(store)
  const state = new PartitionState(residency)
  residency.attach(state)
  state.nextSeq = store.nextSeq()
  for (const deployment of store.deployments()) state.schema.put(deployment)
  for (const invocation of store.unfinished()) state.add(invocation)

  const purged: number[] = []
  let replayedBatches = 0
  for (const { position, batch } of log.read(store.position)) {
    for (const event of readEvents(batch, true)) {
      evolve(state, event)
      if (event.type === 'invocation-purged') purged.push(event.seq)
    }
    store.fold(position, ownCopy(batch))
    replayedBatches += 1
  }
  const completed: Invocation[] = []
  for (const invocation of state.hot()) if (invocation.status === 'completed') completed.push(invocation)
  residency.leave(log.tail, completed, purged)
  return { state, residency, replayedBatches }
}

/** The store moves a batch to its thread, so the batch needs a buffer that is nobody else's. */
function ownCopy(batch: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(batch.length)
  batch.copy(copy)
  return copy
}
