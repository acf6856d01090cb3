import type { Result } from '../../core/journal.ts'

const largestCode = 65_535

/** Failure codes are 16 bits wide; the wire has 32. What does not fit is an internal error. */
export function checkedResult(result: Result): Result {
  if (result.kind === 'value' || result.failure.code <= largestCode) return result
  return { kind: 'failure', failure: { ...result.failure, code: 500 } }
}
