import type { Awaiting, NotificationKey } from '../journal.ts'

/** The signal by which an invocation is asked to stop (service protocol, BuiltInSignal). */
export const CANCEL_SIGNAL = 1

export function isCancellation(key: NotificationKey): boolean {
  return key.kind === 'signal' && key.index === CANCEL_SIGNAL
}

/** Whether the key is among those that are waited for, however they are combined. */
export function isAwaited(awaiting: Awaiting | undefined, key: NotificationKey): boolean {
  if (awaiting === undefined) return false
  switch (key.kind) {
    case 'completion':
      return awaiting.completions.includes(key.id)
    case 'signal':
      return awaiting.signals.includes(key.index)
    case 'named-signal':
      return awaiting.namedSignals.includes(key.name)
  }
}

/** `isAwaited` for many keys in a row. */
export function awaitedKeys(awaiting: Awaiting): (key: NotificationKey) => boolean {
  const completions = new Set(awaiting.completions)
  const signals = new Set(awaiting.signals)
  const namedSignals = new Set(awaiting.namedSignals)
  return (key) => {
    switch (key.kind) {
      case 'completion':
        return completions.has(key.id)
      case 'signal':
        return signals.has(key.index)
      case 'named-signal':
        return namedSignals.has(key.name)
    }
  }
}

export function isSameKey(a: NotificationKey, b: NotificationKey): boolean {
  switch (a.kind) {
    case 'completion':
      return b.kind === 'completion' && a.id === b.id
    case 'signal':
      return b.kind === 'signal' && a.index === b.index
    case 'named-signal':
      return b.kind === 'named-signal' && a.name === b.name
  }
}

/** A key as text, for maps: different keys have different texts. */
export function keyText(key: NotificationKey): string {
  switch (key.kind) {
    case 'completion':
      return `c${key.id}`
    case 'signal':
      return `s${key.index}`
    case 'named-signal':
      return `n${key.name}`
  }
}
