import type { Invocation } from '../invocation.ts'
import type { JournalEntry, NotificationEntry } from '../journal.ts'
import { begin } from '../lifecycle/begin.ts'
import { create } from '../lifecycle/create.ts'
import type { Turn } from '../turn.ts'
import type { OperationOutcome, RestartAsNew } from './command.ts'

/** Journals of older versions cannot be continued by a copy: their random numbers would differ. */
const MIN_VERSION_OF_PREFIX = 6

/**
 * Runs a completed invocation again under a new id: from its input, or from the first entries of its journal,
 * together with the completions that these have got since.
 */
export function restartAsNew(turn: Turn, old: Invocation, command: RestartAsNew): void {
  const refusal = refusalOf(old, command)
  if (refusal !== undefined) {
    turn.outcome = refusal
    return
  }
  const [input] = old.journal
  if (input?.kind !== 'input') throw new Error('invariant: a journal begins with its input')
  const kept = keptEntries(old.journal, command.from)
  if (kept === undefined) {
    turn.outcome = 'open-commands'
    return
  }
  const invocation = create(turn, {
    id: command.newId,
    target: old.target,
    source: { kind: 'restart-as-new', from: old.id },
    headers: input.headers,
    body: input.body,
    idempotencyKey: undefined,
    executionTime: undefined,
    completionRetentionMs: old.completionRetentionMs,
    journalRetentionMs: old.journalRetentionMs,
    fresh: true,
    // A prefix was made with the old random numbers, and must be replayed with them.
    ...(command.from > 0 && { seedOf: old.seedOf }),
  })
  const pinned = command.deployment === 'keep' ? old.pinned : command.deployment
  if (typeof pinned === 'object') turn.emit({ type: 'deployment-pinned', seq: invocation.seq, pinned })
  for (const entry of kept) turn.emit({ type: 'entry-appended', seq: invocation.seq, entry })
  begin(turn, invocation)
  turn.outcome = 'done'
}

function refusalOf(old: Invocation, { from }: RestartAsNew): OperationOutcome | undefined {
  if (old.status === 'scheduled' || old.status === 'inboxed') return 'not-started'
  if (old.status !== 'completed') return 'still-running'
  if (old.target.handlerType === 'Workflow') return 'workflow'
  if (old.journal.length === 0) return 'journal-gone'
  if (from > 0 && (old.pinned?.protocolVersion ?? 0) < MIN_VERSION_OF_PREFIX) return 'old-protocol'
  if (from >= old.journal.length) return 'bad-index'
  return undefined
}

/** Entries 1 to `from`, and later completions of the commands among them; `undefined` if one has no completion. */
function keptEntries(
  journal: readonly JournalEntry[],
  from: number,
): Exclude<JournalEntry, { kind: 'input' }>[] | undefined {
  const kept: Exclude<JournalEntry, { kind: 'input' }>[] = []
  const open = new Set<number>()
  for (const entry of journal.slice(1, from + 1)) {
    if (entry.kind === 'input') continue
    kept.push(entry)
    if (entry.kind === 'command') for (const id of entry.completionIds) open.add(id)
    else if (entry.key.kind === 'completion') open.delete(entry.key.id)
  }
  for (const entry of journal.slice(from + 1)) {
    if (isCompletionOf(entry, open)) kept.push(entry)
  }
  return open.size === 0 ? kept : undefined
}

function isCompletionOf(entry: JournalEntry, open: Set<number>): entry is NotificationEntry {
  return entry.kind === 'notification' && entry.key.kind === 'completion' && open.delete(entry.key.id)
}
