import type { LiveAttempt } from '../live-attempt.ts'
import type { QueryFormat } from '../query-format.ts'

/** What a query process is started with, as JSON in its environment. */
export interface ProcessOptions {
  readonly databaseFile: string
  readonly maxMemoryBytes: number
}

/** One query. The process runs one at a time. */
export interface RunQuery {
  readonly sql: string
  readonly format: QueryFormat
  readonly nowMs: number
  readonly maxRows: number
  readonly maxResultBytes: number
  readonly live: readonly LiveAttempt[]
}

/** What the process says of it: parts of the answer, then one of the last two. `isLast`: it must not be used again. */
export type FromProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly isLast: boolean }
