import type { InvocationId, InvocationSeq } from './ids.ts'
import type { Result } from './journal.ts'
import { KeyQueue } from './key-queue.ts'

export interface StateMutation {
  /** Place in the queue. */
  readonly order: number
  readonly version: string | undefined
  readonly state: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
}

/** A handler that waits for a promise: its GetPromise command with this id. */
export interface PromiseListener {
  readonly invocation: InvocationId
  readonly completionId: number
}

export type DurablePromise =
  | { readonly kind: 'open'; readonly listeners: readonly PromiseListener[] }
  | { readonly kind: 'completed'; readonly result: Result }

/** Everything that belongs to one key of an object, or to one workflow. Only `evolve` writes to it. */
export interface Keyed {
  readonly service: string
  readonly key: string
  /** The exclusive invocation that runs; the others queue. */
  holder: InvocationSeq | undefined
  readonly queue: KeyQueue
  /** State by key; keys are bytes as latin1 text, which sorts as the bytes do. */
  readonly state: Map<string, Uint8Array>
  readonly promises: Map<string, DurablePromise>
  /** Number of the event that last changed state or promises; see `PartitionState.eventCount`. */
  changedAt: number
}

/** The name that a key has in maps; a service name has no slash. */
export type KeyedName = `${string}/${string}`

export function keyedName(service: string, key: string): KeyedName {
  return `${service}/${key}`
}

export function newKeyed(service: string, key: string): Keyed {
  return {
    service,
    key,
    holder: undefined,
    queue: new KeyQueue(),
    state: new Map(),
    promises: new Map(),
    changedAt: 0,
  }
}

/** No invocation holds it or waits for it: what it has can be read again when it is needed. */
export function isIdleKeyed(keyed: Keyed): boolean {
  return keyed.holder === undefined && keyed.queue.length === 0
}

export function stateKeyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

export function stateKeyBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}
