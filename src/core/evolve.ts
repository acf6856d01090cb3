import { EntryType } from './entry-type.ts'
import type { Event, InvocationCreated, StateChange } from './events.ts'
import type { InvocationSeq } from './ids.ts'
import type { AttemptFailure, Invocation, RetryState } from './invocation.ts'
import type { NotificationKey } from './journal.ts'
import { keepEvent } from './kept-events.ts'
import { type Keyed, stateKeyText } from './keyed.ts'
import type { PartitionState } from './state.ts'

/** Applies one event. It cannot fail: an event that does not fit the state is a broken invariant. */
export function evolve(state: PartitionState, event: Event): void {
  state.eventCount += 1
  switch (event.type) {
    case 'invocation-created':
      state.add(created(event))
      state.nextSeq = event.seq + 1
      return
    case 'sink-added':
      known(state, event.seq).sinks.push(event.sink)
      return
    case 'invocation-queued': {
      const invocation = known(state, event.seq)
      invocation.status = 'inboxed'
      invocation.queueOrder = event.order
      invocation.startedAt = undefined
      invocation.modifiedAt = event.at
      keyedOf(state, invocation).queue.push({ kind: 'invocation', order: event.order, seq: event.seq })
      state.nextOrder = event.order + 1
      return
    }
    case 'key-taken':
      keyedOf(state, known(state, event.seq)).holder = event.seq
      return
    case 'key-released':
      keyedOf(state, known(state, event.seq)).holder = undefined
      return
    case 'invocation-started': {
      const invocation = known(state, event.seq)
      if (invocation.status === 'inboxed') unqueue(state, invocation)
      invocation.status = 'invoked'
      invocation.queueOrder = undefined
      invocation.startedAt = event.at
      invocation.modifiedAt = event.at
      return
    }
    case 'deployment-pinned':
      known(state, event.seq).pinned = event.pinned
      return
    case 'entry-appended': {
      const invocation = known(state, event.seq)
      const { entry } = event
      invocation.journal.push(entry)
      invocation.modifiedAt = entry.appendedAt
      if (entry.kind === 'command' || entry.type === EntryType.RunCompletion) madeProgress(invocation)
      if (entry.kind === 'command') invocation.commandCount += 1
      else if (entry.type === EntryType.SleepCompletion) wokeUp(invocation, entry.key)
      else if (entry.type === EntryType.CallCompletion) returned(invocation, entry.key)
      return
    }
    case 'output-appended': {
      const invocation = known(state, event.seq)
      invocation.journal.push(event.entry)
      invocation.modifiedAt = event.entry.appendedAt
      invocation.commandCount += 1
      invocation.output = event.result
      madeProgress(invocation)
      return
    }
    case 'sleep-started':
      known(state, event.seq).sleeping.push({ completionId: event.completionId, wakeUpAt: event.wakeUpAt })
      return
    case 'call-started':
      known(state, event.seq).calls.push({ completionId: event.completionId, callee: event.callee })
      return
    case 'state-entry-appended': {
      const invocation = known(state, event.seq)
      invocation.journal.push(event.entry)
      invocation.modifiedAt = event.entry.appendedAt
      invocation.commandCount += 1
      madeProgress(invocation)
      const keyed = keyedOf(state, invocation)
      keyed.changedAt = state.eventCount
      changeState(keyed, event.change)
      return
    }
    case 'mutation-queued': {
      const { service, key, mutation } = event
      state.keyed(service, key).queue.push({ kind: 'mutation', order: mutation.order, mutation })
      state.nextOrder = mutation.order + 1
      return
    }
    case 'mutation-applied': {
      const keyed = state.keyed(event.service, event.key)
      keyed.queue.remove(event.order)
      if (event.state === undefined) return
      keyed.changedAt = state.eventCount
      keyed.state.clear()
      for (const [key, value] of event.state) keyed.state.set(stateKeyText(key), value)
      return
    }
    case 'promise-awaited': {
      const keyed = state.keyed(event.service, event.key)
      const { promises } = keyed
      keyed.changedAt = state.eventCount
      const promise = promises.get(event.name)
      const listeners = promise?.kind === 'open' ? promise.listeners : []
      promises.set(event.name, { kind: 'open', listeners: [...listeners, event.listener] })
      return
    }
    case 'promise-completed': {
      const keyed = state.keyed(event.service, event.key)
      keyed.changedAt = state.eventCount
      keyed.promises.set(event.name, { kind: 'completed', result: event.result })
      return
    }
    case 'pause-requested':
      known(state, event.seq).pauseRequested = true
      return
    case 'invocation-suspended': {
      const invocation = known(state, event.seq)
      invocation.status = 'suspended'
      invocation.awaiting = event.awaiting
      invocation.retry = undefined
      invocation.failedAttempts = 0
      invocation.modifiedAt = event.at
      const { at, afterEntries, awaiting } = event
      if (afterEntries !== undefined) keepEvent(invocation.events, { kind: 'suspended', afterEntries, at, awaiting })
      return
    }
    case 'invocation-resumed': {
      const invocation = known(state, event.seq)
      renewAttempts(invocation, event.at)
      invocation.status = 'invoked'
      invocation.awaiting = undefined
      invocation.pauseRequested = false
      invocation.modifiedAt = event.at
      return
    }
    case 'attempt-failed': {
      const invocation = known(state, event.seq)
      invocation.retry = event.retry
      invocation.failedAttempts += 1
      recordFailure(invocation, event, event.retry.lastFailure)
      invocation.modifiedAt = event.at
      return
    }
    case 'invocation-paused': {
      const invocation = known(state, event.seq)
      invocation.status = 'paused'
      invocation.awaiting = undefined
      invocation.pauseRequested = false
      invocation.modifiedAt = event.at
      if (event.failure !== undefined) {
        recordFailure(invocation, event, event.failure)
        invocation.failedAttempts += 1
        invocation.retry = { ...afterFailure(invocation.retry), lastFailure: event.failure, nextAttemptAt: event.at }
      }
      const { at, afterEntries, failure } = event
      keepEvent(invocation.events, { kind: 'paused', afterEntries, at, failure })
      return
    }
    case 'invocation-completed': {
      const invocation = known(state, event.seq)
      invocation.status = 'completed'
      invocation.result = event.failure ?? invocation.output
      invocation.output = undefined
      invocation.completedAt = event.at
      invocation.modifiedAt = event.at
      invocation.retry = undefined
      invocation.failedAttempts = 0
      invocation.awaiting = undefined
      invocation.sleeping = []
      invocation.calls = []
      invocation.sinks = []
      invocation.pauseRequested = false
      return
    }
    case 'journal-dropped':
      state.dropJournal(known(state, event.seq))
      return
    case 'invocation-purged': {
      const invocation = known(state, event.seq)
      if (invocation.status === 'inboxed') unqueue(state, invocation)
      if (invocation.target.handlerType === 'Workflow' && invocation.status === 'completed')
        forgetWorkflow(state, invocation)
      state.purge(invocation)
      return
    }
    case 'deployment-put':
      state.schema.put(event.deployment)
      return
    case 'deployment-removed':
      state.schema.remove(event.deploymentId)
      return
    default:
      unreachable(event)
  }
}

function created({ seq, at, scheduled, invocation }: InvocationCreated): Invocation {
  return {
    seq,
    id: invocation.id,
    target: invocation.target,
    source: invocation.source,
    idempotencyKey: invocation.idempotencyKey,
    executionTime: invocation.executionTime,
    completionRetentionMs: invocation.completionRetentionMs,
    journalRetentionMs: invocation.journalRetentionMs,
    seedOf: invocation.seedOf ?? invocation.id,
    createdAt: at,
    status: scheduled ? 'scheduled' : 'invoked',
    modifiedAt: at,
    startedAt: scheduled ? undefined : at,
    completedAt: undefined,
    journal: [{ kind: 'input', headers: invocation.headers, body: invocation.body, appendedAt: at }],
    commandCount: 1,
    pinned: undefined,
    retry: undefined,
    failedAttempts: 0,
    awaiting: undefined,
    sleeping: [],
    calls: [],
    queueOrder: undefined,
    pauseRequested: false,
    sinks: [],
    output: undefined,
    result: undefined,
    events: [],
  }
}

/**
 * One that backs off goes on with the attempts that it has left, only sooner; one that was paused has all of them again. What is shown
 * counts on, unless attempts were used up.
 */
function renewAttempts(invocation: Invocation, at: number): void {
  if (invocation.status === 'invoked') {
    if (invocation.retry !== undefined) invocation.retry = { ...invocation.retry, nextAttemptAt: at }
    return
  }
  const last = invocation.events.at(-1)
  if (last?.kind === 'paused' && last.failure !== undefined) invocation.failedAttempts = 0
  invocation.retry = undefined
}

/** The SDK counts its own retries from the last entry that it got stored. */
function madeProgress(invocation: Invocation): void {
  if (invocation.retry !== undefined && invocation.retry.failuresSinceLastEntry > 0) {
    invocation.retry = { ...invocation.retry, failuresSinceLastEntry: 0 }
  }
}

function wokeUp(invocation: Invocation, key: NotificationKey): void {
  const index = invocation.sleeping.findIndex((s) => key.kind === 'completion' && s.completionId === key.id)
  if (index !== -1) invocation.sleeping.splice(index, 1)
}

function returned(invocation: Invocation, key: NotificationKey): void {
  const index = invocation.calls.findIndex((c) => key.kind === 'completion' && c.completionId === key.id)
  if (index !== -1) invocation.calls.splice(index, 1)
}

/** The same failure again and again is one event. */
function recordFailure(
  invocation: Invocation,
  { at, afterEntries }: { readonly at: number; readonly afterEntries: number },
  failure: AttemptFailure,
): void {
  const before = invocation.events.at(-1)
  if (before?.kind === 'transient-error' && isSameFailure(before.failure, failure)) return
  keepEvent(invocation.events, { kind: 'transient-error', afterEntries, at, failure })
}

function isSameFailure(a: AttemptFailure, b: AttemptFailure): boolean {
  return a.code === b.code && a.message === b.message && a.relatedCommandIndex === b.relatedCommandIndex
}

function afterFailure(before: RetryState | undefined) {
  return {
    countedFailures: (before?.countedFailures ?? 0) + 1,
    failuresSinceLastEntry: (before?.failuresSinceLastEntry ?? 0) + 1,
  }
}

function keyedOf(state: PartitionState, { target }: Invocation): Keyed {
  if (target.key === undefined) throw new Error('invariant: only objects and workflows have a key')
  return state.keyed(target.service, target.key)
}

function unqueue(state: PartitionState, invocation: Invocation): void {
  if (invocation.queueOrder !== undefined) keyedOf(state, invocation).queue.remove(invocation.queueOrder)
}

function changeState(keyed: Keyed, change: StateChange): void {
  switch (change.kind) {
    case 'set':
      keyed.state.set(stateKeyText(change.key), change.value)
      return
    case 'clear':
      keyed.state.delete(stateKeyText(change.key))
      return
    case 'clear-all':
      keyed.state.clear()
  }
}

/** With the record of a workflow's run go its state and its promises. */
function forgetWorkflow(state: PartitionState, invocation: Invocation): void {
  const keyed = keyedOf(state, invocation)
  keyed.state.clear()
  keyed.promises.clear()
  keyed.changedAt = state.eventCount
}

function known(state: PartitionState, seq: InvocationSeq): Invocation {
  const invocation = state.get(seq)
  if (invocation === undefined) throw new Error(`invariant: event for invocation ${seq}, which does not exist`)
  return invocation
}

function unreachable(event: never): never {
  throw new Error(`invariant: unknown event ${JSON.stringify(event)}`)
}
