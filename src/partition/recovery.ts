import { readEvents } from '../core/codec/event-codec.ts'
import { isRemoval } from '../core/events.ts'
import { evolve } from '../core/evolve.ts'
import type { Invocation } from '../core/invocation.ts'
import type { QueueItem } from '../core/key-queue.ts'
import type { Keyed } from '../core/keyed.ts'
import { PartitionState } from '../core/state.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { Residency } from './residency.ts'
import { versionOf } from './state-version.ts'

export interface Recovered {
  readonly state: PartitionState
  readonly residency: Residency
  /** Batches of the log that the store did not have. */
  readonly replayedBatches: number
}

/** Makes the state again: what the store has, and the log from where the store ends. The store gets that too. */
export function recover(log: Log, store: Store, policies: { readonly expiresExactly: boolean }): Recovered {
  const residency = new Residency(store)
  const state = new PartitionState(residency, { versionOf, ...policies })
  residency.attach(state)
  state.nextSeq = store.nextSeq()
  for (const deployment of store.deployments()) state.schema.put(deployment)
  state.nextOrder = store.nextOrder()
  for (const invocation of store.unfinished()) state.add(invocation)
  restoreQueues(state, store)

  const removed: number[] = []
  let replayedBatches = 0
  for (const { position, batch } of log.read(store.position)) {
    for (const event of readEvents(batch, true)) {
      evolve(state, event)
      if (isRemoval(event)) removed.push(event.seq)
    }
    store.fold(position, ownCopy(batch))
    replayedBatches += 1
  }
  const completed: Invocation[] = []
  for (const invocation of state.hot()) if (invocation.status === 'completed') completed.push(invocation)
  residency.leave(log.tail, completed, removed)
  return { state, residency, replayedBatches }
}

/** Who holds a key, and who waits for it, follows from the unfinished invocations. */
function restoreQueues(state: PartitionState, store: Store): void {
  const waiting: { readonly keyed: Keyed; readonly item: QueueItem }[] = []
  for (const { service, key, mutation } of store.mutations()) {
    waiting.push({ keyed: state.keyed(service, key), item: { kind: 'mutation', order: mutation.order, mutation } })
  }
  for (const { seq, status, target, queueOrder } of state.hot()) {
    if (target.handlerType !== 'Exclusive' || target.key === undefined) continue
    const keyed = state.keyed(target.service, target.key)
    if (status === 'inboxed') waiting.push({ keyed, item: { kind: 'invocation', order: queueOrder ?? 0, seq } })
    else if (status !== 'scheduled') keyed.holder = seq
  }
  waiting.sort((a, b) => a.item.order - b.item.order)
  for (const { keyed, item } of waiting) keyed.queue.push(item)
}

/** The store moves a batch to its thread, so the batch needs a buffer that is nobody else's. */
function ownCopy(batch: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(batch.length)
  batch.copy(copy)
  return copy
}
