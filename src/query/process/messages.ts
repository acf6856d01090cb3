import type { LiveAttempt } from '../live-attempt.ts'
import type { QueryFormat } from '../query-format.ts'
import type { Visibility } from '../visibility.ts'

/** What a query process is started with, as JSON in its environment. */
export interface ProcessOptions {
  readonly databaseFile: string
  readonly maxMemoryBytes: number
  /** The store is sealed: the process asks for the keys before it opens it. They come as a message, which nobody else can see. */
  readonly isSealed: boolean
}

/** The answer to `wants-keys`. */
export interface SealingKeys {
  readonly keys: readonly Uint8Array[]
}

/** One query. The process runs one at a time. */
export interface RunQuery {
  readonly sql: string
  readonly format: QueryFormat
  readonly nowMs: number
  readonly maxRows: number
  readonly maxResultBytes: number
  readonly live: readonly LiveAttempt[]
  readonly visibility: Visibility
}

/** What the process says: what it needs at first, then of each query parts of the answer, then one of the last two. `isLast`: it must not be used again. */
export type FromProcess =
  | { readonly type: 'wants-keys' }
  | { readonly type: 'ready' }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly isLast: boolean }
