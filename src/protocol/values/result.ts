import type { WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import { type Failure, readFailure, writeFailure } from './failure.ts'
import { readValue, writeValue } from './value.ts'

export interface Success {
  readonly kind: 'value'
  readonly value: Uint8Array
}

export interface FailureResult {
  readonly kind: 'failure'
  readonly failure: Failure
}

/** The `oneof` of a value and a failure that many messages end in. */
export type Result = Success | FailureResult

export interface VoidResult {
  readonly kind: 'void'
}

export const voidResult: VoidResult = { kind: 'void' }

export function writeResult(writer: WireWriter, valueField: number, failureField: number, result: Result): void {
  if (result.kind === 'value') writeValue(writer, valueField, result.value)
  else writeFailure(writer, failureField, result.failure)
}

export function readSuccess(reader: WireReader): Success {
  return { kind: 'value', value: readValue(reader) }
}

export function readFailureResult(reader: WireReader): FailureResult {
  return { kind: 'failure', failure: readFailure(reader) }
}
