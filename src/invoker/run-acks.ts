import { EntryType } from '../core/entry-type.ts'
import type { JournalEntry, Result } from '../core/journal.ts'

/**
 * Results of runs that this attempt has proposed and wants acknowledged (protocol V7): the service has them, so it is
 * not sent them again.
 */
export class RunAcks {
  readonly #proposed = new Map<number, Result>()

  expect(completionId: number, result: Result): void {
    // Of two proposals for one id the first one is stored.
    if (!this.#proposed.has(completionId)) this.#proposed.set(completionId, result)
  }

  /**
   * The completion id to acknowledge, if `entry` is what was proposed here. It may hold the result of an earlier
   * attempt instead, which came first: that one the service does not have.
   */
  take(entry: JournalEntry | undefined): number | undefined {
    if (entry?.kind !== 'notification' || entry.type !== EntryType.RunCompletion) return undefined
    if (entry.key.kind !== 'completion') return undefined
    const { id } = entry.key
    const result = this.#proposed.get(id)
    this.#proposed.delete(id)
    // The core keeps the very result that it was given.
    return result !== undefined && result === entry.result ? id : undefined
  }
}
