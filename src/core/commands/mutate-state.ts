import { serveQueue } from '../lifecycle/begin.ts'
import type { Turn } from '../turn.ts'
import type { MutateState } from './command.ts'

/** Replaces the state of a key, when everything that has been queued for it before is done. */
export function mutateState(turn: Turn, { service, key, version, state }: MutateState): void {
  const mutation = { order: turn.state.nextOrder, version, state }
  turn.emit({ type: 'mutation-queued', service, key, mutation })
  const keyed = turn.state.keyed(service, key)
  if (keyed.holder === undefined) serveQueue(turn, keyed)
}
