import {
  AdminApiVersion,
  AdminBodyShape,
  AdminBodySyntax,
  AdminBodyTooLarge,
  AdminContentType,
  AdminPath,
  AdminQueryString,
} from '../errors/admin.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { FormatError } from '../listen/error-answer.ts'

/** The body of an error: text where a request could not be decoded, else JSON (admin API 1.7.12). */
export type ErrorAnswer =
  | { readonly status: number; readonly text: string }
  | { readonly status: number; readonly json: { readonly message: string; readonly restate_code: string | null } }

/** Errors of decoding a request answer as plain text; the peer's clients know them by the status alone. */
const textErrors = new Set(
  [
    AdminApiVersion,
    AdminBodyShape,
    AdminBodySyntax,
    AdminBodyTooLarge,
    AdminContentType,
    AdminPath,
    AdminQueryString,
  ].map((error) => error.definition.code),
)

/** What a client is told of an error. `undefined` for one that is not ours: it must not leave the process. */
export function errorAnswer(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof PerdureError)) return undefined
  const { status, message, restateCode, code } = error
  if (textErrors.has(code)) return { status, text: message }
  return {
    status,
    json: {
      message: restateCode === undefined ? message : `[${restateCode}] ${message}`,
      restate_code: restateCode ?? null,
    },
  }
}

export const internalError = {
  status: 500,
  json: { message: 'Internal server error; the log of the server has the details', restate_code: null },
} satisfies ErrorAnswer

/** Errors of the listener, before a route has run, in the shape of this API. */
export const formatAdminError: FormatError = (_status, message) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message, restate_code: null }),
})
