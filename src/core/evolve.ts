import { EntryType } from './entry-type.ts'
import type { Event, InvocationCreated } from './events.ts'
import type { InvocationSeq } from './ids.ts'
import type { Invocation } from './invocation.ts'
import type { NotificationKey } from './journal.ts'
import type { PartitionState } from './state.ts'

/** Applies one event. It cannot fail: an event that does not fit the state is a broken invariant. */
export function evolve(state: PartitionState, event: Event): void {
  switch (event.type) {
    case 'invocation-created':
      state.add(created(event))
      state.nextSeq = event.seq + 1
      return
    case 'sink-added':
      known(state, event.seq).sinks.push(event.sink)
      return
    case 'invocation-started': {
      const invocation = known(state, event.seq)
      invocation.status = 'invoked'
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
    case 'invocation-suspended': {
      const invocation = known(state, event.seq)
      invocation.status = 'suspended'
      invocation.awaiting = event.awaiting
      invocation.retry = undefined
      invocation.modifiedAt = event.at
      return
    }
    case 'invocation-resumed': {
      const invocation = known(state, event.seq)
      invocation.status = 'invoked'
      invocation.awaiting = undefined
      invocation.retry = undefined
      invocation.modifiedAt = event.at
      return
    }
    case 'attempt-failed': {
      const invocation = known(state, event.seq)
      invocation.retry = event.retry
      invocation.modifiedAt = event.at
      return
    }
    case 'invocation-paused': {
      const invocation = known(state, event.seq)
      const before = invocation.retry
      invocation.status = 'paused'
      invocation.retry = {
        countedFailures: (before?.countedFailures ?? 0) + 1,
        failuresSinceLastEntry: (before?.failuresSinceLastEntry ?? 0) + 1,
        lastFailure: event.failure,
        nextAttemptAt: event.at,
      }
      invocation.modifiedAt = event.at
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
      invocation.awaiting = undefined
      invocation.sleeping = []
      invocation.sinks = []
      return
    }
    case 'journal-dropped':
      known(state, event.seq).journal = []
      return
    case 'invocation-purged':
      state.purge(known(state, event.seq))
      return
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
    createdAt: at,
    status: scheduled ? 'scheduled' : 'invoked',
    modifiedAt: at,
    startedAt: scheduled ? undefined : at,
    completedAt: undefined,
    journal: [{ kind: 'input', headers: invocation.headers, body: invocation.body, appendedAt: at }],
    commandCount: 1,
    pinned: undefined,
    retry: undefined,
    awaiting: undefined,
    sleeping: [],
    sinks: [],
    output: undefined,
    result: undefined,
  }
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

function known(state: PartitionState, seq: InvocationSeq): Invocation {
  const invocation = state.get(seq)
  if (invocation === undefined) throw new Error(`invariant: event for invocation ${seq}, which does not exist`)
  return invocation
}

function unreachable(event: never): never {
  throw new Error(`invariant: unknown event ${JSON.stringify(event)}`)
}
