import type { DatabaseSync } from 'node:sqlite'
import { BinaryReader } from '../core/codec/binary-reader.ts'
import { BinaryWriter } from '../core/codec/binary-writer.ts'
import { readEntry } from '../core/codec/entry-codec.ts'
import {
  readAwaiting,
  readCall,
  readInvocationEvent,
  readResult,
  readRetry,
  readSink,
  readSleeping,
  writeAwaiting,
  writeCall,
  writeInvocationEvent,
  writeResult,
  writeRetry,
  writeSink,
  writeSleeping,
} from '../core/codec/values.ts'
import type { HandlerType, ServiceType } from '../core/deployment.ts'
import type { DeploymentId, InvocationId } from '../core/ids.ts'
import type { Invocation, InvocationEvent, InvocationSource, InvocationStatus } from '../core/invocation.ts'
import type { JournalEntry } from '../core/journal.ts'
import { textOf, wholeTexts } from './whole-text.ts'

/** A row of the `invocation` table, columns as they are named there. */
export interface InvocationRow {
  seq: number
  id: string
  status: string
  service: string
  service_type: string
  key: string | null
  handler: string
  handler_type: string
  /** `ingress`, `service` or `restart-as-new`; the latter two have an id, and `service` its target. */
  source: string
  source_id: string | null
  source_target: string | null
  idempotency_key: string | null
  execution_time: number | null
  completion_retention_ms: number
  journal_retention_ms: number
  /** `null`: the invocation itself. */
  seed_of: string | null
  created_at: number
  modified_at: number
  started_at: number | null
  completed_at: number | null
  expires_at: number | null
  journal_expires_at: number | null
  entry_count: number
  command_count: number
  pinned_deployment: string | null
  pinned_version: number | null
  /** The last Output, or the result. */
  result: Uint8Array | null
  /** What only an unfinished invocation has: retry, awaiting, sleeping, sinks. */
  live: Uint8Array | null
  /** What happened beside the journal, if anything did. */
  events: Uint8Array | null
}

export type LiveParts = Pick<
  Invocation,
  'retry' | 'failedAttempts' | 'awaiting' | 'sleeping' | 'calls' | 'queueOrder' | 'pauseRequested' | 'sinks'
>

const writer = new BinaryWriter()

/** The columns in the order of the table. */
export const columns = [
  'seq',
  'id',
  'status',
  'service',
  'service_type',
  'key',
  'handler',
  'handler_type',
  'source',
  'source_id',
  'source_target',
  'idempotency_key',
  'execution_time',
  'completion_retention_ms',
  'journal_retention_ms',
  'seed_of',
  'created_at',
  'modified_at',
  'started_at',
  'completed_at',
  'expires_at',
  'journal_expires_at',
  'entry_count',
  'command_count',
  'pinned_deployment',
  'pinned_version',
  'result',
  'live',
  'events',
] as const satisfies readonly (keyof InvocationRow)[]

/** The columns as `storedRow` takes them. */
export function rowColumns(database: DatabaseSync): string {
  return wholeTexts(database, columns, chosenTexts)
}

const chosenTexts = new Set(['key', 'source_target', 'idempotency_key'])

/** A row as it was written, of one that was selected by its `rowColumns`. */
export function storedRow(selected: Record<string, unknown>): InvocationRow {
  const row = selected as unknown as InvocationRow
  if (row.key !== null) row.key = textOf(row.key)
  if (row.source_target !== null) row.source_target = textOf(row.source_target)
  if (row.idempotency_key !== null) row.idempotency_key = textOf(row.idempotency_key)
  return row
}

/** The row of an invocation whose journal has `entryCount` entries, wherever they are. */
export function rowOf(invocation: Invocation, entryCount: number): InvocationRow {
  const { target, source, completedAt } = invocation
  const isCompleted = completedAt !== undefined
  const keepsJournal = entryCount > 0
  return {
    seq: invocation.seq,
    id: invocation.id,
    status: invocation.status,
    service: target.service,
    service_type: target.serviceType,
    key: target.key ?? null,
    handler: target.handler,
    handler_type: target.handlerType,
    source: source.kind,
    source_id: source.kind === 'service' ? source.caller : source.kind === 'restart-as-new' ? source.from : null,
    source_target: source.kind === 'service' ? source.callerTarget : null,
    idempotency_key: invocation.idempotencyKey ?? null,
    execution_time: invocation.executionTime ?? null,
    completion_retention_ms: invocation.completionRetentionMs,
    journal_retention_ms: invocation.journalRetentionMs,
    seed_of: invocation.seedOf === invocation.id ? null : invocation.seedOf,
    created_at: invocation.createdAt,
    modified_at: invocation.modifiedAt,
    started_at: invocation.startedAt ?? null,
    completed_at: completedAt ?? null,
    expires_at: isCompleted ? completedAt + invocation.completionRetentionMs : null,
    journal_expires_at:
      isCompleted && keepsJournal && invocation.journalRetentionMs < invocation.completionRetentionMs
        ? completedAt + invocation.journalRetentionMs
        : null,
    entry_count: entryCount,
    command_count: invocation.commandCount,
    pinned_deployment: invocation.pinned?.deploymentId ?? null,
    pinned_version: invocation.pinned?.protocolVersion ?? null,
    result: encodeResult(invocation),
    live: isCompleted ? null : encodeLive(invocation),
    events: encodeEvents(invocation.events),
  }
}

function encodeResult(invocation: Invocation): Uint8Array | null {
  const result = invocation.result ?? invocation.output
  if (result === undefined) return null
  writeResult(writer, result)
  return writer.take()
}

function encodeLive(live: LiveParts): Uint8Array {
  writer.optional(live.retry, (retry) => writeRetry(writer, retry))
  writer.optional(live.awaiting, (awaiting) => writeAwaiting(writer, awaiting))
  writer.list(live.sleeping, (sleeping) => writeSleeping(writer, sleeping))
  writer.list(live.calls, (call) => writeCall(writer, call))
  writer.optional(live.queueOrder, (order) => writer.varint(order))
  writer.u8(live.pauseRequested ? 1 : 0)
  writer.list(live.sinks, (sink) => writeSink(writer, sink))
  writer.varint(live.failedAttempts)
  return writer.take()
}

/** What only an unfinished invocation has. */
export function decodeLive(bytes: Uint8Array | null): LiveParts {
  if (bytes === null) return finished()
  const r = new BinaryReader(asBuffer(bytes), true)
  const live = {
    retry: r.optional(() => readRetry(r)),
    awaiting: r.optional(() => readAwaiting(r)),
    sleeping: r.list(() => readSleeping(r)),
    calls: r.list(() => readCall(r)),
    queueOrder: r.optional(() => r.varint()),
    pauseRequested: r.u8() === 1,
    sinks: r.list(() => readSink(r)),
  }
  // Rows of earlier versions end here.
  return { ...live, failedAttempts: r.done ? (live.retry?.countedFailures ?? 0) : r.varint() }
}

/** What an invocation has when it is over: nothing that goes on. */
function finished(): LiveParts {
  return {
    retry: undefined,
    failedAttempts: 0,
    awaiting: undefined,
    sleeping: [],
    calls: [],
    queueOrder: undefined,
    pauseRequested: false,
    sinks: [],
  }
}

function encodeEvents(events: readonly InvocationEvent[]): Uint8Array | null {
  if (events.length === 0) return null
  for (const event of events) writeInvocationEvent(writer, event)
  return writer.take()
}

export function decodeEvents(bytes: Uint8Array | null): InvocationEvent[] {
  if (bytes === null) return []
  const r = new BinaryReader(asBuffer(bytes), true)
  const events: InvocationEvent[] = []
  while (!r.done) events.push(readInvocationEvent(r))
  return events
}

function sourceOf({ source, source_id, source_target }: InvocationRow): InvocationSource {
  const id = source_id as InvocationId
  switch (source) {
    case 'service':
      return { kind: 'service', caller: id, callerTarget: source_target ?? '' }
    case 'restart-as-new':
      return { kind: 'restart-as-new', from: id }
    default:
      return { kind: 'ingress' }
  }
}

export function decodeEntries(chunk: Uint8Array): JournalEntry[] {
  const r = new BinaryReader(asBuffer(chunk), true)
  const entries: JournalEntry[] = []
  while (!r.done) entries.push(readEntry(r))
  return entries
}

/** The invocation that a row and its journal describe. */
export function invocationOf(row: InvocationRow, journal: JournalEntry[]): Invocation {
  const live = decodeLive(row.live)
  const result = row.result === null ? undefined : readResult(new BinaryReader(asBuffer(row.result), true))
  const status = row.status as InvocationStatus
  return {
    seq: row.seq,
    id: row.id as InvocationId,
    target: {
      service: row.service,
      serviceType: row.service_type as ServiceType,
      key: row.key ?? undefined,
      handler: row.handler,
      handlerType: row.handler_type as HandlerType,
    },
    source: sourceOf(row),
    idempotencyKey: row.idempotency_key ?? undefined,
    executionTime: row.execution_time ?? undefined,
    completionRetentionMs: row.completion_retention_ms,
    journalRetentionMs: row.journal_retention_ms,
    seedOf: (row.seed_of ?? row.id) as InvocationId,
    createdAt: row.created_at,
    status,
    modifiedAt: row.modified_at,
    startedAt: row.started_at ?? undefined,
    completedAt: row.completed_at ?? undefined,
    journal,
    commandCount: row.command_count,
    pinned:
      row.pinned_deployment === null
        ? undefined
        : { deploymentId: row.pinned_deployment as DeploymentId, protocolVersion: row.pinned_version ?? 0 },
    retry: live.retry,
    failedAttempts: live.failedAttempts,
    awaiting: live.awaiting,
    sleeping: live.sleeping,
    calls: live.calls,
    queueOrder: live.queueOrder,
    pauseRequested: live.pauseRequested,
    sinks: live.sinks,
    output: status === 'completed' ? undefined : result,
    result: status === 'completed' ? result : undefined,
    events: decodeEvents(row.events),
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
