import type { Test } from 'tap'
import type { Environment } from './environment.ts'

/** How a row is shown: by the pure core, or by a handler of the official SDK on a running server, or by both. */
export interface Ways {
  /** What Restate 1.7 does, where ours does something else on purpose: the row then asserts ours. */
  readonly restate?: string
  readonly core?: (t: Test) => void
  readonly sdk?: (t: Test, environment: Environment) => Promise<void>
}

/** One row of the table: a corner of the engine's behaviour that handlers and callers rely on. */
export interface Corner {
  readonly row: number
  readonly name: string
  readonly ways: Ways
}

/** `row` and what it is about are those of the fact sheet on Restate's engine; every row has one entry. */
export function corner(row: number, name: string, ways: Ways): Corner {
  return { row, name, ways }
}
