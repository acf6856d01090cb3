import type { SQLInputValue } from 'node:sqlite'
import { BinaryReader } from '../../core/codec/binary-reader.ts'
import { readPromise } from '../../core/codec/keyed-values.ts'
import { readResult } from '../../core/codec/values.ts'
import { partitionKeyOfText } from '../../protocol/ids/partition-key.ts'
import { parseInvocationId } from '../../protocol/ids.ts'
import { messageTypeName } from '../../protocol/message-type.ts'
import { asBuffer, decodeEvents, type LiveParts } from '../../store/row.ts'
import { eventJson } from '../journal/event-json.ts'
import { failureText, lastFailureText, promiseFailureText } from '../journal/failure-text.ts'
import { futureJson } from '../journal/future-json.ts'
import type { StoreRows } from '../process/store-rows.ts'
import { bytesOf, numberOf, type SqlFunction, textOf } from './register.ts'

/**
 * Functions that read what the store keeps encoded. They get numbers of rows and read the bytes themselves: bytes that SQLite
 * hands to a function stay in memory until the statement gives its next row, and there may be a million before that.
 */
export function storeFunctions(rows: StoreRows): Readonly<Record<string, SqlFunction>> {
  return {
    x_partition_key_of_id: (id) => wideOf(parseInvocationId(String(id)).subarray(0, 8)),
    x_partition_key_of_text: (text) => wideOf(partitionKeyOfText(String(text))),
    x_failure(seq) {
      const bytes = rows.result(numberOf(seq) ?? 0)
      if (bytes === undefined) return null
      const result = readResult(new BinaryReader(asBuffer(bytes), true))
      return result.kind === 'failure' ? failureText(result.failure) : null
    },
    x_events: (seq) => JSON.stringify(decodeEvents(rows.events(numberOf(seq) ?? 0) ?? null).map(eventJson)),
    x_live(seq, field) {
      const live = rows.live(numberOf(seq) ?? 0)
      return live === undefined ? null : liveField(live, textOf(field) ?? '')
    },
    x_promise(value, field) {
      const bytes = bytesOf(value)
      if (bytes === undefined) return null
      const promise = readPromise(new BinaryReader(asBuffer(bytes), true))
      if (promise.kind === 'open') return null
      if (promise.result.kind === 'value') return field === 'value' ? promise.result.value : null
      return field === 'failure' ? promiseFailureText(promise.result.failure) : null
    },
  }
}

/** One thing of what only an unfinished invocation has. */
function liveField({ retry, failedAttempts, awaiting, queueOrder }: LiveParts, field: string): SQLInputValue {
  const failure = retry?.lastFailure
  switch (field) {
    case 'queue_order':
      return queueOrder ?? null
    case 'completions':
      return awaiting === undefined ? null : JSON.stringify(awaiting.completions)
    case 'signals':
      return awaiting === undefined ? null : JSON.stringify(awaiting.signals)
    case 'future':
      return awaiting === undefined ? null : JSON.stringify(futureJson(awaiting))
    case 'failures':
      return failedAttempts
    case 'next_retry_at':
      return retry?.nextAttemptAt ?? null
    case 'last_failure':
      return failure === undefined ? null : lastFailureText(failure)
    case 'error_code':
      return failure?.restateCode ?? null
    case 'command_index':
      return failure?.relatedCommandIndex ?? null
    case 'command_name':
      return failure?.relatedCommandName ?? null
    case 'command_type':
      return failure?.relatedCommandType === undefined ? null : messageTypeName(failure.relatedCommandType)
    default:
      throw new Error(`invariant: live has no ${field}`)
  }
}

function wideOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).readBigUInt64BE().toString().padStart(20, '0')
}
