/** What a query may use. */
export interface QueryLimits {
  /** From its start to the last row; a query that takes longer is stopped. */
  readonly timeoutMs: number
  readonly maxRows: number
  /** Of the answer, as it is sent. */
  readonly maxResultBytes: number
  /** Of the process that runs it, all in all. */
  readonly maxMemoryBytes: number
  /** Queries that run at the same time, each in a process of its own. */
  readonly concurrency: number
  /** Queries that may wait for a process; more are refused. */
  readonly maxQueued: number
  /** Of the query's text. */
  readonly maxSqlBytes: number
  /** A process without work ends after this time. */
  readonly idleTimeoutMs: number
}

export const defaultQueryLimits: QueryLimits = {
  timeoutMs: 30_000,
  maxRows: 1_000_000,
  maxResultBytes: 64 * 1024 * 1024,
  maxMemoryBytes: 512 * 1024 * 1024,
  concurrency: 2,
  maxQueued: 32,
  maxSqlBytes: 256 * 1024,
  idleTimeoutMs: 60_000,
}
