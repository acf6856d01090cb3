import { EntryType } from '../entry-type.ts'
import type { Invocation } from '../invocation.ts'
import type { Result } from '../journal.ts'
import { answer } from '../lifecycle/notify.ts'
import type { Turn } from '../turn.ts'
import { keyedOf } from './get-state.ts'
import { appendRecord } from './record.ts'

interface PromiseCommand {
  readonly name: string
  readonly completionId: number
}

/** Waits for a promise of the workflow. */
export function getPromise(turn: Turn, invocation: Invocation, payload: Uint8Array, command: PromiseCommand): void {
  const { name, completionId } = command
  appendRecord(turn, invocation, payload, EntryType.GetPromise, [completionId])
  const keyed = keyedOf(turn, invocation)
  const promise = keyed.promises.get(name)
  if (promise?.kind === 'completed') {
    answer(turn, invocation, EntryType.GetPromiseCompletion, completionId, promise.result)
  } else {
    const listener = { invocation: invocation.id, completionId }
    turn.emit({ type: 'promise-awaited', service: keyed.service, key: keyed.key, name, listener })
  }
}

/** Tells what a promise is now: its result, or that it is open. */
export function peekPromise(turn: Turn, invocation: Invocation, payload: Uint8Array, command: PromiseCommand): void {
  appendRecord(turn, invocation, payload, EntryType.PeekPromise, [command.completionId])
  const promise = keyedOf(turn, invocation).promises.get(command.name)
  const result = promise?.kind === 'completed' ? promise.result : ({ kind: 'void' } as const)
  answer(turn, invocation, EntryType.PeekPromiseCompletion, command.completionId, result)
}

/** Resolves or rejects a promise; the first to do so counts, and everybody who waits learns of it in the same step. */
export function completePromise(
  turn: Turn,
  invocation: Invocation,
  payload: Uint8Array,
  { name, completionId, result }: PromiseCommand & { readonly result: Result },
): void {
  appendRecord(turn, invocation, payload, EntryType.CompletePromise, [completionId])
  const keyed = keyedOf(turn, invocation)
  const promise = keyed.promises.get(name)
  if (promise?.kind === 'completed') {
    const failure = { code: 409, message: 'promise was already completed' }
    answer(turn, invocation, EntryType.CompletePromiseCompletion, completionId, { kind: 'failure', failure })
    return
  }
  const { service, key } = keyed
  turn.emit({ type: 'promise-completed', service, key, name, result })
  answer(turn, invocation, EntryType.CompletePromiseCompletion, completionId, { kind: 'void' })
  for (const listener of promise?.listeners ?? []) {
    const waiting = turn.state.find(listener.invocation)
    if (waiting !== undefined) {
      answer(turn, waiting, EntryType.GetPromiseCompletion, listener.completionId, result)
    }
  }
}
