import type { QueryConfig } from '../config/config.ts'

/** What a query may use. */
export interface QueryLimits extends QueryConfig {
  /** Queries that may wait for a process; more are refused. */
  readonly maxQueued: number
  /** Of answers that clients have not read yet; with more, no query starts. */
  readonly maxHeldBytes: number
  /** Of the query's text. */
  readonly maxSqlBytes: number
  /** A process without work ends after this time. */
  readonly idleTimeoutMs: number
}

export function queryLimits(configured: QueryConfig): QueryLimits {
  return {
    ...configured,
    maxQueued: 32,
    maxHeldBytes: 4 * configured.maxResultBytes,
    maxSqlBytes: 256 * 1024,
    idleTimeoutMs: 60_000,
  }
}
