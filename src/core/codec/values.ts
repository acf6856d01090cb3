import type { HandlerType, ServiceType } from '../deployment.ts'
import type { EntryType } from '../entry-type.ts'
import type { DeploymentId, InvocationId } from '../ids.ts'
import type {
  AttemptFailure,
  InvocationEvent,
  InvocationSource,
  InvocationTarget,
  NewInvocation,
  OpenCall,
  PinnedDeployment,
  ResponseSink,
  RetryState,
  Sleeping,
} from '../invocation.ts'
import type {
  AwaitedFuture,
  Awaiting,
  Combinator,
  Failure,
  Header,
  NotificationKey,
  NotificationResult,
  Result,
} from '../journal.ts'
import type { BinaryReader } from './binary-reader.ts'
import type { BinaryWriter } from './binary-writer.ts'

// Stored as an index into these lists: append only, never reorder.
const serviceTypes: readonly ServiceType[] = ['Service', 'VirtualObject', 'Workflow']
const handlerTypes: readonly HandlerType[] = ['Stateless', 'Exclusive', 'Shared', 'Workflow']

export function writeHeaders(w: BinaryWriter, headers: readonly Header[]): void {
  w.list(headers, ([name, value]) => {
    w.text(name)
    w.text(value)
  })
}

export function readHeaders(r: BinaryReader): Header[] {
  return r.list(() => [r.text(), r.text()] as const)
}

function writeTarget(w: BinaryWriter, target: InvocationTarget): void {
  w.text(target.service)
  w.u8(serviceTypes.indexOf(target.serviceType))
  w.optional(target.key, (key) => w.text(key))
  w.text(target.handler)
  w.u8(handlerTypes.indexOf(target.handlerType))
}

function readTarget(r: BinaryReader): InvocationTarget {
  return {
    service: r.text(),
    serviceType: member(serviceTypes, r.u8()),
    key: r.optional(() => r.text()),
    handler: r.text(),
    handlerType: member(handlerTypes, r.u8()),
  }
}

function writeSource(w: BinaryWriter, source: InvocationSource): void {
  switch (source.kind) {
    case 'ingress':
      w.u8(0)
      return
    case 'service':
      w.u8(1)
      w.text(source.caller)
      w.text(source.callerTarget)
      return
    case 'restart-as-new':
      w.u8(2)
      w.text(source.from)
  }
}

function readSource(r: BinaryReader): InvocationSource {
  const kind = r.u8()
  switch (kind) {
    case 0:
      return { kind: 'ingress' }
    case 1:
      return { kind: 'service', caller: r.text() as InvocationId, callerTarget: r.text() }
    case 2:
      return { kind: 'restart-as-new', from: r.text() as InvocationId }
    default:
      throw new Error(`invariant: unknown source ${kind}`)
  }
}

export function writeNewInvocation(w: BinaryWriter, invocation: NewInvocation): void {
  w.text(invocation.id)
  writeTarget(w, invocation.target)
  writeSource(w, invocation.source)
  writeHeaders(w, invocation.headers)
  w.bytes(invocation.body)
  w.optional(invocation.idempotencyKey, (key) => w.text(key))
  w.optional(invocation.executionTime, (time) => w.varint(time))
  w.varint(invocation.completionRetentionMs)
  w.varint(invocation.journalRetentionMs)
  w.optional(invocation.seedOf, (id) => w.text(id))
}

export function readNewInvocation(r: BinaryReader): NewInvocation {
  const invocation = {
    id: r.text() as InvocationId,
    target: readTarget(r),
    source: readSource(r),
    headers: readHeaders(r),
    body: r.bytes(),
    idempotencyKey: r.optional(() => r.text()),
    executionTime: r.optional(() => r.varint()),
    completionRetentionMs: r.varint(),
    journalRetentionMs: r.varint(),
  }
  const seedOf = r.optional(() => r.text() as InvocationId)
  return seedOf === undefined ? invocation : { ...invocation, seedOf }
}

export function writeFailure(w: BinaryWriter, failure: Failure): void {
  w.varint(failure.code)
  w.text(failure.message)
  w.optional(failure.metadata, (metadata) => writeHeaders(w, metadata))
}

export function readFailure(r: BinaryReader): Failure {
  const code = r.varint()
  const message = r.text()
  const metadata = r.optional(() => readHeaders(r))
  return metadata === undefined ? { code, message } : { code, message, metadata }
}

export function writeResult(w: BinaryWriter, result: Result): void {
  writeNotificationResult(w, result)
}

export function readResult(r: BinaryReader): Result {
  const result = readNotificationResult(r)
  if (result.kind !== 'value' && result.kind !== 'failure') throw new Error('invariant: a result is value or failure')
  return result
}

export function writeNotificationResult(w: BinaryWriter, result: NotificationResult): void {
  switch (result.kind) {
    case 'void':
      w.u8(0)
      return
    case 'value':
      w.u8(1)
      w.bytes(result.value)
      return
    case 'failure':
      w.u8(2)
      writeFailure(w, result.failure)
      return
    case 'invocation-id':
      w.u8(3)
      w.text(result.invocationId)
      return
    case 'state-keys':
      w.u8(4)
      w.list(result.keys, (key) => w.bytes(key))
  }
}

export function readNotificationResult(r: BinaryReader): NotificationResult {
  const kind = r.u8()
  switch (kind) {
    case 0:
      return { kind: 'void' }
    case 1:
      return { kind: 'value', value: r.bytes() }
    case 2:
      return { kind: 'failure', failure: readFailure(r) }
    case 3:
      return { kind: 'invocation-id', invocationId: r.text() as InvocationId }
    case 4:
      return { kind: 'state-keys', keys: r.list(() => r.bytes()) }
    default:
      throw new Error(`invariant: unknown result kind ${kind}`)
  }
}

export function writeNotificationKey(w: BinaryWriter, key: NotificationKey): void {
  switch (key.kind) {
    case 'completion':
      w.u8(0)
      w.varint(key.id)
      return
    case 'signal':
      w.u8(1)
      w.varint(key.index)
      return
    case 'named-signal':
      w.u8(2)
      w.text(key.name)
  }
}

export function readNotificationKey(r: BinaryReader): NotificationKey {
  const kind = r.u8()
  switch (kind) {
    case 0:
      return { kind: 'completion', id: r.varint() }
    case 1:
      return { kind: 'signal', index: r.varint() }
    case 2:
      return { kind: 'named-signal', name: r.text() }
    default:
      throw new Error(`invariant: unknown notification key ${kind}`)
  }
}

export function writeAwaiting(w: BinaryWriter, awaiting: Awaiting): void {
  w.list(awaiting.completions, (id) => w.varint(id))
  w.list(awaiting.signals, (index) => w.varint(index))
  w.list(awaiting.namedSignals, (name) => w.text(name))
  w.optional(awaiting.future, (future) => writeFuture(w, future))
  w.varint(awaiting.seenEntries)
}

const combinators: readonly Combinator[] = [
  'unknown',
  'first-completed',
  'all-completed',
  'first-succeeded-or-all-failed',
  'all-succeeded-or-first-failed',
]

function writeFuture(w: BinaryWriter, future: AwaitedFuture): void {
  w.list(future.waitingCompletions, (id) => w.varint(id))
  w.list(future.waitingSignals, (index) => w.varint(index))
  w.list(future.waitingNamedSignals, (name) => w.text(name))
  w.list(future.nestedFutures, (nested) => writeFuture(w, nested))
  w.u8(combinators.indexOf(future.combinator))
}

function readFuture(r: BinaryReader): AwaitedFuture {
  return {
    waitingCompletions: r.list(() => r.varint()),
    waitingSignals: r.list(() => r.varint()),
    waitingNamedSignals: r.list(() => r.text()),
    nestedFutures: r.list(() => readFuture(r)),
    combinator: member(combinators, r.u8()),
  }
}

export function readAwaiting(r: BinaryReader): Awaiting {
  const completions = r.list(() => r.varint())
  const signals = r.list(() => r.varint())
  const namedSignals = r.list(() => r.text())
  const future = r.optional(() => readFuture(r))
  const seenEntries = r.varint()
  return { completions, signals, namedSignals, seenEntries, ...(future !== undefined && { future }) }
}

export function writePinned(w: BinaryWriter, pinned: PinnedDeployment): void {
  w.text(pinned.deploymentId)
  w.varint(pinned.protocolVersion)
}

export function readPinned(r: BinaryReader): PinnedDeployment {
  return { deploymentId: r.text() as DeploymentId, protocolVersion: r.varint() }
}

export function writeSink(w: BinaryWriter, sink: ResponseSink): void {
  w.text(sink.caller)
  w.varint(sink.completionId)
  w.varint(sink.notificationType)
}

export function readSink(r: BinaryReader): ResponseSink {
  return {
    caller: r.text() as InvocationId,
    completionId: r.varint(),
    notificationType: r.varint() as EntryType,
  }
}

export function writeSleeping(w: BinaryWriter, sleeping: Sleeping): void {
  w.varint(sleeping.completionId)
  w.varint(sleeping.wakeUpAt)
}

export function readSleeping(r: BinaryReader): Sleeping {
  return { completionId: r.varint(), wakeUpAt: r.varint() }
}

export function writeCall(w: BinaryWriter, call: OpenCall): void {
  w.varint(call.completionId)
  w.text(call.callee)
}

export function readCall(r: BinaryReader): OpenCall {
  return { completionId: r.varint(), callee: r.text() as InvocationId }
}

export function writeAttemptFailure(w: BinaryWriter, failure: AttemptFailure): void {
  w.varint(failure.code)
  w.text(failure.message)
  w.optional(failure.stacktrace, (text) => w.text(text))
  w.optional(failure.restateCode, (text) => w.text(text))
  w.optional(failure.relatedCommandIndex, (index) => w.varint(index))
  w.optional(failure.relatedCommandName, (text) => w.text(text))
  w.optional(failure.relatedCommandType, (type) => w.varint(type))
}

export function readAttemptFailure(r: BinaryReader): AttemptFailure {
  const code = r.varint()
  const message = r.text()
  const stacktrace = r.optional(() => r.text())
  const restateCode = r.optional(() => r.text())
  const relatedCommandIndex = r.optional(() => r.varint())
  const relatedCommandName = r.optional(() => r.text())
  const relatedCommandType = r.optional(() => r.varint())
  return {
    code,
    message,
    ...(stacktrace !== undefined && { stacktrace }),
    ...(restateCode !== undefined && { restateCode }),
    ...(relatedCommandIndex !== undefined && { relatedCommandIndex }),
    ...(relatedCommandName !== undefined && { relatedCommandName }),
    ...(relatedCommandType !== undefined && { relatedCommandType }),
  }
}

/** The order gives the numbers in stored rows. */
const eventKinds = ['transient-error', 'paused', 'suspended'] as const

export function writeInvocationEvent(w: BinaryWriter, event: InvocationEvent): void {
  w.u8(eventKinds.indexOf(event.kind))
  w.varint(event.afterEntries)
  w.time(event.at)
  if (event.kind === 'suspended') writeAwaiting(w, event.awaiting)
  else w.optional(event.failure, (failure) => writeAttemptFailure(w, failure))
}

export function readInvocationEvent(r: BinaryReader): InvocationEvent {
  const kind = eventKinds[r.u8()]
  const afterEntries = r.varint()
  const at = r.time()
  if (kind === 'suspended') return { kind, afterEntries, at, awaiting: readAwaiting(r) }
  const failure = r.optional(() => readAttemptFailure(r))
  if (kind === 'paused') return { kind, afterEntries, at, failure }
  if (failure === undefined) throw new Error('invariant: an error event has its failure')
  return { kind: 'transient-error', afterEntries, at, failure }
}

export function writeRetry(w: BinaryWriter, retry: RetryState): void {
  w.varint(retry.countedFailures)
  w.varint(retry.failuresSinceLastEntry)
  writeAttemptFailure(w, retry.lastFailure)
  w.varint(retry.nextAttemptAt)
}

export function readRetry(r: BinaryReader): RetryState {
  return {
    countedFailures: r.varint(),
    failuresSinceLastEntry: r.varint(),
    lastFailure: readAttemptFailure(r),
    nextAttemptAt: r.varint(),
  }
}

function member<T>(list: readonly T[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new Error(`invariant: no member ${index}`)
  return value
}
