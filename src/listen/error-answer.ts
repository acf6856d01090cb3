import { PerdureError } from '../errors/perdure-error.ts'

/** An error as a caller sees it. */
export interface ErrorAnswer {
  /** Includes `content-type`; the length is added. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Shapes the errors of one listener: those of the HTTP layer, where no route has run, and those that a route threw.
 * `error` is what was thrown, if anything was.
 */
export type FormatError = (status: number, message: string, error?: unknown) => ErrorAnswer

/** `{"code":431,"message":"…"}` */
export const formatErrorAsJson: FormatError = (status, message) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ code: status, message }),
})

/** A request that was refused before it reached a route. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

/** What a thrown error is to the caller. Only errors that were made for callers show their text. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof PerdureError) return { status: error.status, message: error.message }
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    // Fastify's own errors, and those of the request stream that it gave a status.
    if (error.statusCode >= 400 && error.statusCode < 500) return { status: error.statusCode, message: error.message }
  }
  return { status: 500, message: 'internal error' }
}
