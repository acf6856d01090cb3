import type { StateEntry } from '../protocol/values/state-entry.ts'

/** The state that an attempt is started with. */
export interface EagerState {
  /** Sorted by key, bytewise. */
  readonly entries: readonly StateEntry[]
  /** There may be more: the handler asks for what it does not find. */
  readonly isPartial: boolean
}

const noEagerState: EagerState = { entries: [], isPartial: true }

/**
 * What Start carries of a key's state: the entries in order, up to the first with which keys and values would be more
 * than `limitBytes`. Nothing when that is 0, and for services without state. Keys of `state` are bytes as latin1 text,
 * which sorts as the bytes do.
 */
export function eagerStateOf(state: ReadonlyMap<string, Uint8Array> | undefined, limitBytes: number): EagerState {
  if (state === undefined || limitBytes === 0) return noEagerState
  const entries: StateEntry[] = []
  let leftBytes = limitBytes
  for (const key of [...state.keys()].sort()) {
    const value = state.get(key)
    if (value === undefined) continue
    leftBytes -= key.length + value.length
    if (leftBytes < 0) return { entries, isPartial: true }
    entries.push({ key: Buffer.from(key, 'latin1'), value })
  }
  return { entries, isPartial: false }
}
