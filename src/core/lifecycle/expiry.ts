import type { Invocation } from '../invocation.ts'
import type { PartitionState } from '../state.ts'

/** When a completed invocation stops to exist, ms since epoch. */
export function expiresAt(invocation: Invocation): number | undefined {
  return invocation.completedAt === undefined ? undefined : invocation.completedAt + invocation.completionRetentionMs
}

/** Past its retention. */
export function isExpired(invocation: Invocation, now: number): boolean {
  const at = expiresAt(invocation)
  return at !== undefined && now >= at
}

export function isJournalExpired(invocation: Invocation, now: number): boolean {
  if (invocation.completedAt === undefined || invocation.journal.length === 0) return false
  return now >= invocation.completedAt + invocation.journalRetentionMs
}

/** Expiry is exact: what is past its retention does not exist any more, whether it has been removed yet or not. */
export function isGone(state: PartitionState, invocation: Invocation, now: number): boolean {
  return state.policies.expiresExactly && isExpired(invocation, now)
}
