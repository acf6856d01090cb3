import type { DeploymentRecord } from '../deployment.ts'
import type { Event, OutputAppended, StateChange, StateEntryAppended } from '../events.ts'
import type { DeploymentId } from '../ids.ts'
import type { CommandEntry, Result } from '../journal.ts'
import { BinaryReader } from './binary-reader.ts'
import type { BinaryWriter } from './binary-writer.ts'
import { readAppendedEntry, readCommandEntry, writeEntry } from './entry-codec.ts'
import {
  readListener,
  readMutation,
  readStateMap,
  writeListener,
  writeMutation,
  writeStateMap,
} from './keyed-values.ts'
import {
  readAttemptFailure,
  readAwaiting,
  readCall,
  readFailure,
  readNewInvocation,
  readPinned,
  readResult,
  readRetry,
  readSink,
  writeAttemptFailure,
  writeAwaiting,
  writeCall,
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
  InvocationQueued: 17,
  KeyTaken: 18,
  KeyReleased: 19,
  CallStarted: 20,
  StateEntryAppended: 21,
  MutationQueued: 22,
  MutationApplied: 23,
  PromiseAwaited: 24,
  PromiseCompleted: 25,
  PauseRequested: 26,
  InvocationSuspendedOnTree: 27,
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
      w.optional(event.pinned, (pinned) => writePinned(w, pinned))
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
      w.u8(event.afterEntries === undefined ? Tag.InvocationSuspended : Tag.InvocationSuspendedOnTree)
      w.varint(event.seq)
      w.time(event.at)
      if (event.afterEntries !== undefined) w.varint(event.afterEntries)
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
      w.varint(event.afterEntries)
      writeRetry(w, event.retry)
      return
    case 'invocation-paused':
      w.u8(Tag.InvocationPaused)
      w.varint(event.seq)
      w.time(event.at)
      w.varint(event.afterEntries)
      w.optional(event.failure, (failure) => writeAttemptFailure(w, failure))
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
    case 'invocation-queued':
      w.u8(Tag.InvocationQueued)
      w.varint(event.seq)
      w.time(event.at)
      w.varint(event.order)
      return
    case 'key-taken':
      w.u8(Tag.KeyTaken)
      w.varint(event.seq)
      return
    case 'key-released':
      w.u8(Tag.KeyReleased)
      w.varint(event.seq)
      return
    case 'call-started':
      w.u8(Tag.CallStarted)
      w.varint(event.seq)
      writeCall(w, event)
      return
    case 'state-entry-appended':
      w.u8(Tag.StateEntryAppended)
      w.varint(event.seq)
      writeEntry(w, event.entry)
      writeStateChange(w, event)
      return
    case 'mutation-queued':
      w.u8(Tag.MutationQueued)
      w.text(event.service)
      w.text(event.key)
      writeMutation(w, event.mutation)
      return
    case 'mutation-applied':
      w.u8(Tag.MutationApplied)
      w.text(event.service)
      w.text(event.key)
      w.varint(event.order)
      w.optional(event.state, (state) => writeStateMap(w, state))
      return
    case 'promise-awaited':
      w.u8(Tag.PromiseAwaited)
      w.text(event.service)
      w.text(event.key)
      w.text(event.name)
      writeListener(w, event.listener)
      return
    case 'promise-completed':
      w.u8(Tag.PromiseCompleted)
      w.text(event.service)
      w.text(event.key)
      w.text(event.name)
      writeResult(w, event.result)
      return
    case 'pause-requested':
      w.u8(Tag.PauseRequested)
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
      return { type: 'deployment-pinned', seq: r.varint(), pinned: r.optional(() => readPinned(r)) }
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
    case Tag.InvocationSuspendedOnTree:
      return {
        type: 'invocation-suspended',
        seq: r.varint(),
        at: r.time(),
        afterEntries: r.varint(),
        awaiting: readAwaiting(r),
      }
    case Tag.InvocationResumed:
      return { type: 'invocation-resumed', seq: r.varint(), at: r.time() }
    case Tag.AttemptFailed:
      return { type: 'attempt-failed', seq: r.varint(), at: r.time(), afterEntries: r.varint(), retry: readRetry(r) }
    case Tag.InvocationPaused:
      return {
        type: 'invocation-paused',
        seq: r.varint(),
        at: r.time(),
        afterEntries: r.varint(),
        failure: r.optional(() => readAttemptFailure(r)),
      }
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
    case Tag.InvocationQueued:
      return { type: 'invocation-queued', seq: r.varint(), at: r.time(), order: r.varint() }
    case Tag.KeyTaken:
      return { type: 'key-taken', seq: r.varint() }
    case Tag.KeyReleased:
      return { type: 'key-released', seq: r.varint() }
    case Tag.CallStarted:
      return { type: 'call-started', seq: r.varint(), ...readCall(r) }
    case Tag.StateEntryAppended: {
      const seq = r.varint()
      const entry = readCommandEntry(r)
      return { type: 'state-entry-appended', seq, entry, change: readStateChange(r, entry) }
    }
    case Tag.MutationQueued:
      return { type: 'mutation-queued', service: r.text(), key: r.text(), mutation: readMutation(r) }
    case Tag.MutationApplied:
      return {
        type: 'mutation-applied',
        service: r.text(),
        key: r.text(),
        order: r.varint(),
        state: r.optional(() => readStateMap(r)),
      }
    case Tag.PromiseAwaited:
      return {
        type: 'promise-awaited',
        service: r.text(),
        key: r.text(),
        name: r.text(),
        listener: readListener(r),
      }
    case Tag.PromiseCompleted:
      return { type: 'promise-completed', service: r.text(), key: r.text(), name: r.text(), result: readResult(r) }
    case Tag.PauseRequested:
      return { type: 'pause-requested', seq: r.varint() }
    default:
      throw new Error(`invariant: unknown event tag ${tag}; was the log written by a newer version?`)
  }
}

const APART = 0
const INSIDE_PAYLOAD = 1
const FAILURE = 2

/** The value of an output or of a state is part of the command's payload, so it is written as a place in it. */
function writeBytesOf(w: BinaryWriter, value: Uint8Array, payload: Uint8Array): void {
  const start = value.byteOffset - payload.byteOffset
  if (value.buffer === payload.buffer && start >= 0 && start + value.length <= payload.length) {
    w.u8(INSIDE_PAYLOAD)
    w.varint(start)
    w.varint(value.length)
  } else {
    w.u8(APART)
    w.bytes(value)
  }
}

function readBytesOf(r: BinaryReader, place: number, payload: Uint8Array): Uint8Array {
  if (place === APART) return r.bytes()
  const start = r.varint()
  return payload.subarray(start, start + r.varint())
}

function writeOutputResult(w: BinaryWriter, { entry, result }: OutputAppended): void {
  if (result.kind === 'value') {
    writeBytesOf(w, result.value, entry.payload)
  } else {
    w.u8(FAILURE)
    writeFailure(w, result.failure)
  }
}

function readOutputResult(r: BinaryReader, entry: CommandEntry): Result {
  const place = r.u8()
  if (place === FAILURE) return { kind: 'failure', failure: readFailure(r) }
  return { kind: 'value', value: readBytesOf(r, place, entry.payload) }
}

const stateChanges = ['set', 'clear', 'clear-all'] as const

function writeStateChange(w: BinaryWriter, { change, entry }: StateEntryAppended): void {
  w.u8(stateChanges.indexOf(change.kind))
  if (change.kind === 'clear-all') return
  writeBytesOf(w, change.key, entry.payload)
  if (change.kind === 'set') writeBytesOf(w, change.value, entry.payload)
}

function readStateChange(r: BinaryReader, { payload }: CommandEntry): StateChange {
  const kind = stateChanges[r.u8()]
  switch (kind) {
    case 'set':
      return { kind, key: readBytesOf(r, r.u8(), payload), value: readBytesOf(r, r.u8(), payload) }
    case 'clear':
      return { kind, key: readBytesOf(r, r.u8(), payload) }
    case 'clear-all':
      return { kind }
    default:
      throw new Error('invariant: a known change of state')
  }
}
