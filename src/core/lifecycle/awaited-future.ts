import type { AwaitedFuture, JournalEntry } from '../journal.ts'
import { isCancellation, keyText } from './notification-key.ts'

type Outcome = 'succeeded' | 'failed' | 'undetermined'

/** How and when a future was resolved: `at` is the index in the journal of what resolved it. */
interface Resolution {
  readonly outcome: Outcome
  readonly at: number
}

/**
 * Whether what a handler waits for has come, under protocol V7, where it is a tree (service protocol, Future).
 * Cancellations among the first `seenEntries` have been answered by the handler and count no more.
 */
export function isResolved(future: AwaitedFuture, journal: readonly JournalEntry[], seenEntries: number): boolean {
  return resolve(future, resolutionsOf(journal, seenEntries)) !== undefined
}

function resolve(future: AwaitedFuture, known: ReadonlyMap<string, Resolution>): Resolution | undefined {
  const children = [
    ...future.waitingCompletions.map((id) => known.get(`c${id}`)),
    ...future.waitingSignals.map((index) => known.get(`s${index}`)),
    ...future.waitingNamedSignals.map((name) => known.get(`n${name}`)),
    ...future.nestedFutures.map((nested) => resolve(nested, known)),
  ]
  const done = children.filter((child) => child !== undefined)
  const first = done.reduce<Resolution | undefined>((a, b) => (a !== undefined && a.at <= b.at ? a : b), undefined)
  if (first === undefined) return undefined
  const isAll = done.length === children.length
  switch (future.combinator) {
    case 'unknown':
      return { outcome: 'undetermined', at: first.at }
    case 'first-completed':
      return first
    case 'all-completed':
      return isAll ? { outcome: 'succeeded', at: first.at } : undefined
    case 'first-succeeded-or-all-failed':
      return decidedBy('succeeded', done, isAll)
    case 'all-succeeded-or-first-failed':
      return decidedBy('failed', done, isAll)
  }
}

/** One child with this outcome decides; without it, all together. What is undetermined only the handler can judge. */
function decidedBy(
  deciding: 'succeeded' | 'failed',
  done: readonly Resolution[],
  isAll: boolean,
): Resolution | undefined {
  const decision = done.find(({ outcome }) => outcome === deciding || outcome === 'undetermined')
  if (decision !== undefined) return decision
  const [other] = done
  return isAll ? other : undefined
}

function resolutionsOf(journal: readonly JournalEntry[], seenEntries: number): Map<string, Resolution> {
  const known = new Map<string, Resolution>()
  for (const [at, entry] of journal.entries()) {
    if (entry.kind !== 'notification' || (at < seenEntries && isCancellation(entry.key))) continue
    const name = keyText(entry.key)
    if (!known.has(name)) known.set(name, { outcome: entry.result.kind === 'failure' ? 'failed' : 'succeeded', at })
  }
  return known
}
