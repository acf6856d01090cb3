import type { DeploymentRecord } from '../deployment.ts'
import type { Event, OutputAppended } from '../events.ts'
import type { DeploymentId } from '../ids.ts'
import type { CommandEntry, Result } from '../journal.ts'
import { BinaryReader } from './binary-reader.ts'
import type { BinaryWriter } from './binary-writer.ts'
import { readAppendedEntry, readCommandEntry, writeEntry } from './entry-codec.ts'
import {
  readAttemptFailure,
  readAwaiting,
  readFailure,
  readNewInvocation,
  readPinned,
  readResult,
  readRetry,
  readSink,
  writeAttemptFailure,
  writeAwaiting,
  writeFailure,
  writeNewInvocation,
  writePinned,
  writeResult,
  writeRetry,
  writeSink,
} from './values.ts'

// The log's numbers: append only, never reuse.
const Tag = {
  InvocationCreated: 1,
  SinkAdded: 2,
  InvocationStarted: 3,
  DeploymentPinned: 4,
  EntryAppended: 5,
  OutputAppended: 6,
  SleepStarted: 7,
  InvocationSuspended: 8,
  InvocationResumed: 9,
  AttemptFailed: 10,
  InvocationPaused: 11,
  InvocationCompleted: 12,
  JournalDropped: 13,
  InvocationPurged: 14,
  DeploymentPut: 15,
  DeploymentRemoved: 16,
} as const

export function writeEvent(w: BinaryWriter, event: Event): void {
  switch (event.type) {
    case 'invocation-created':
      w.u8(Tag.InvocationCreated)
      w.varint(event.seq)
      w.time(event.at)
      w.u8(event.scheduled ? 1 : 0)
      writeNewInvocation(w, event.invocation)
      return
    case 'sink-added':
      w.u8(Tag.SinkAdded)
      w.varint(event.seq)
      writeSink(w, event.sink)
      return
    case 'invocation-started':
      w.u8(Tag.InvocationStarted)
      w.varint(event.seq)
      w.time(event.at)
      return
    case 'deployment-pinned':
      w.u8(Tag.DeploymentPinned)
      w.varint(event.seq)
      writePinned(w, event.pinned)
      return
    case 'entry-appended':
      w.u8(Tag.EntryAppended)
      w.varint(event.seq)
      writeEntry(w, event.entry)
      return
    case 'output-appended':
      w.u8(Tag.OutputAppended)
      w.varint(event.seq)
      writeEntry(w, event.entry)
      writeOutputResult(w, event)
      return
    case 'sleep-started':
      w.u8(Tag.SleepStarted)
      w.varint(event.seq)
      w.varint(event.completionId)
      w.varint(event.wakeUpAt)
      return
    case 'invocation-suspended':
      w.u8(Tag.InvocationSuspended)
      w.varint(event.seq)
      w.time(event.at)
      writeAwaiting(w, event.awaiting)
      return
    case 'invocation-resumed':
      w.u8(Tag.InvocationResumed)
      w.varint(event.seq)
      w.time(event.at)
      return
    case 'attempt-failed':
      w.u8(Tag.AttemptFailed)
      w.varint(event.seq)
      w.time(event.at)
      writeRetry(w, event.retry)
      return
    case 'invocation-paused':
      w.u8(Tag.InvocationPaused)
      w.varint(event.seq)
      w.time(event.at)
      writeAttemptFailure(w, event.failure)
      return
    case 'invocation-completed':
      w.u8(Tag.InvocationCompleted)
      w.varint(event.seq)
      w.time(event.at)
      w.optional(event.failure, ({ failure }) => writeFailure(w, failure))
      return
    case 'journal-dropped':
      w.u8(Tag.JournalDropped)
      w.varint(event.seq)
      return
    case 'invocation-purged':
      w.u8(Tag.InvocationPurged)
      w.varint(event.seq)
      return
    case 'deployment-put':
      // Rare and wide: the one event whose body is JSON.
      w.u8(Tag.DeploymentPut)
      w.text(JSON.stringify(event.deployment))
      return
    case 'deployment-removed':
      w.u8(Tag.DeploymentRemoved)
      w.text(event.deploymentId)
  }
}

/** Reads the events of one batch. `copies`: payloads do not keep the batch's memory. */
export function* readEvents(batch: Buffer, copies: boolean): Generator<Event> {
  const r = new BinaryReader(batch, copies)
  while (!r.done) yield readEvent(r)
}

function readEvent(r: BinaryReader): Event {
  const tag = r.u8()
  switch (tag) {
    case Tag.InvocationCreated:
      return {
        type: 'invocation-created',
        seq: r.varint(),
        at: r.time(),
        scheduled: r.u8() === 1,
        invocation: readNewInvocation(r),
      }
    case Tag.SinkAdded:
      return { type: 'sink-added', seq: r.varint(), sink: readSink(r) }
    case Tag.InvocationStarted:
      return { type: 'invocation-started', seq: r.varint(), at: r.time() }
    case Tag.DeploymentPinned:
      return { type: 'deployment-pinned', seq: r.varint(), pinned: readPinned(r) }
    case Tag.EntryAppended:
      return { type: 'entry-appended', seq: r.varint(), entry: readAppendedEntry(r) }
    case Tag.OutputAppended: {
      const seq = r.varint()
      const entry = readCommandEntry(r)
      return { type: 'output-appended', seq, entry, result: readOutputResult(r, entry) }
    }
    case Tag.SleepStarted:
      return { type: 'sleep-started', seq: r.varint(), completionId: r.varint(), wakeUpAt: r.varint() }
    case Tag.InvocationSuspended:
      return { type: 'invocation-suspended', seq: r.varint(), at: r.time(), awaiting: readAwaiting(r) }
    case Tag.InvocationResumed:
      return { type: 'invocation-resumed', seq: r.varint(), at: r.time() }
    case Tag.AttemptFailed:
      return { type: 'attempt-failed', seq: r.varint(), at: r.time(), retry: readRetry(r) }
    case Tag.InvocationPaused:
      return { type: 'invocation-paused', seq: r.varint(), at: r.time(), failure: readAttemptFailure(r) }
    case Tag.InvocationCompleted: {
      const seq = r.varint()
      const at = r.time()
      const failure = r.optional(() => ({ kind: 'failure' as const, failure: readFailure(r) }))
      return { type: 'invocation-completed', seq, at, failure }
    }
    case Tag.JournalDropped:
      return { type: 'journal-dropped', seq: r.varint() }
    case Tag.InvocationPurged:
      return { type: 'invocation-purged', seq: r.varint() }
    case Tag.DeploymentPut:
      return { type: 'deployment-put', deployment: JSON.parse(r.text()) as DeploymentRecord }
    case Tag.DeploymentRemoved:
      return { type: 'deployment-removed', deploymentId: r.text() as DeploymentId }
    default:
      throw new Error(`invariant: unknown event tag ${tag}; was the log written by a newer version?`)
  }
}

const INSIDE_PAYLOAD = 1
const APART = 0

/** An output's value is part of its payload, so it is mostly written as a place in it. */
function writeOutputResult(w: BinaryWriter, { entry, result }: OutputAppended): void {
  if (result.kind === 'value' && result.value.buffer === entry.payload.buffer) {
    const start = result.value.byteOffset - entry.payload.byteOffset
    if (start >= 0 && start + result.value.length <= entry.payload.length) {
      w.u8(INSIDE_PAYLOAD)
      w.varint(start)
      w.varint(result.value.length)
      return
    }
  }
  w.u8(APART)
  writeResult(w, result)
}

function readOutputResult(r: BinaryReader, entry: CommandEntry): Result {
  if (r.u8() === APART) return readResult(r)
  const start = r.varint()
  return { kind: 'value', value: entry.payload.subarray(start, start + r.varint()) }
}
