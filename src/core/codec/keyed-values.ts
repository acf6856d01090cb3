import type { InvocationId } from '../ids.ts'
import type { DurablePromise, PromiseListener, StateMutation } from '../keyed.ts'
import type { BinaryReader } from './binary-reader.ts'
import type { BinaryWriter } from './binary-writer.ts'
import { readResult, writeResult } from './values.ts'

export function writeStateMap(w: BinaryWriter, state: StateMutation['state']): void {
  w.list(state, ([key, value]) => {
    w.bytes(key)
    w.bytes(value)
  })
}

export function readStateMap(r: BinaryReader): StateMutation['state'] {
  return r.list(() => [r.bytes(), r.bytes()] as const)
}

export function writeMutation(w: BinaryWriter, mutation: StateMutation): void {
  w.varint(mutation.order)
  w.optional(mutation.version, (version) => w.text(version))
  writeStateMap(w, mutation.state)
}

export function readMutation(r: BinaryReader): StateMutation {
  return { order: r.varint(), version: r.optional(() => r.text()), state: readStateMap(r) }
}

export function writeListener(w: BinaryWriter, listener: PromiseListener): void {
  w.text(listener.invocation)
  w.varint(listener.completionId)
}

export function readListener(r: BinaryReader): PromiseListener {
  return { invocation: r.text() as InvocationId, completionId: r.varint() }
}

export function writePromise(w: BinaryWriter, promise: DurablePromise): void {
  if (promise.kind === 'open') {
    w.u8(0)
    w.list(promise.listeners, (listener) => writeListener(w, listener))
  } else {
    w.u8(1)
    writeResult(w, promise.result)
  }
}

export function readPromise(r: BinaryReader): DurablePromise {
  if (r.u8() === 0) return { kind: 'open', listeners: r.list(() => readListener(r)) }
  return { kind: 'completed', result: readResult(r) }
}
