import type { HandlerRecord, ServiceRecord } from './deployment.ts'

/** Server-wide defaults and upper bounds, ms. */
export interface RetentionDefaults {
  readonly defaultJournalRetentionMs: number
  readonly maxJournalRetentionMs: number | undefined
  readonly defaultIdempotencyRetentionMs: number
  readonly maxIdempotencyRetentionMs: number | undefined
  readonly defaultWorkflowCompletionRetentionMs: number
  readonly maxWorkflowCompletionRetentionMs: number | undefined
}

export interface Retention {
  /** How long the result is kept after completion, ms. 0: the invocation is forgotten at once. */
  readonly completionRetentionMs: number
  /** How long the journal is kept after completion, ms; never longer than the result. */
  readonly journalRetentionMs: number
}

/**
 * What an invocation keeps, fixed when it is created: handler before service before server default, bounded
 * by the server's maximum. Only workflow runs and calls with an idempotency key keep a result of their own;
 * the others keep it as long as their journal.
 */
export function retentionOf(
  service: ServiceRecord,
  handler: HandlerRecord,
  hasIdempotencyKey: boolean,
  defaults: RetentionDefaults,
): Retention {
  const journalMs = bounded(
    handler.journalRetentionMs ?? service.journalRetentionMs ?? defaults.defaultJournalRetentionMs,
    defaults.maxJournalRetentionMs,
  )
  const completionMs =
    handler.type === 'Workflow'
      ? bounded(
          handler.workflowCompletionRetentionMs ??
            service.workflowCompletionRetentionMs ??
            defaults.defaultWorkflowCompletionRetentionMs,
          defaults.maxWorkflowCompletionRetentionMs,
        )
      : hasIdempotencyKey
        ? bounded(
            handler.idempotencyRetentionMs ?? service.idempotencyRetentionMs ?? defaults.defaultIdempotencyRetentionMs,
            defaults.maxIdempotencyRetentionMs,
          )
        : journalMs
  return { completionRetentionMs: completionMs, journalRetentionMs: Math.min(journalMs, completionMs) }
}

function bounded(valueMs: number, maxMs: number | undefined): number {
  return maxMs === undefined ? valueMs : Math.min(valueMs, maxMs)
}
