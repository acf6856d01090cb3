import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import { type Keyed, stateKeyBytes, stateKeyText } from '../keyed.ts'
import { answer } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { appendRecord } from './record.ts'

/** Reads one key of the state as it is now; that it is absent is an answer as well. */
export function getState(
  turn: Turn,
  invocation: Invocation,
  payload: Uint8Array,
  { key, completionId }: { readonly key: Uint8Array; readonly completionId: number },
): void {
  appendRecord(turn, invocation, payload, EntryType.GetLazyState, [completionId])
  const value = keyedOf(turn, invocation).state.get(stateKeyText(key))
  const result = value === undefined ? ({ kind: 'void' } as const) : ({ kind: 'value', value } as const)
  answer(turn, invocation, EntryType.GetLazyStateCompletion, completionId, result)
}

/** Lists the keys of the state, in the order of their bytes. */
export function getStateKeys(turn: Turn, invocation: Invocation, payload: Uint8Array, completionId: number): void {
  appendRecord(turn, invocation, payload, EntryType.GetLazyStateKeys, [completionId])
  const keys = [...keyedOf(turn, invocation).state.keys()].sort().map(stateKeyBytes)
  answer(turn, invocation, EntryType.GetLazyStateKeysCompletion, completionId, { kind: 'state-keys', keys })
}

export function keyedOf(turn: Turn, { target }: Invocation): Keyed {
  if (target.key === undefined) throw new Error('invariant: the invoker lets no state command of a plain service pass')
  return turn.state.keyed(target.service, target.key)
}
