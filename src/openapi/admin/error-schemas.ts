import { type Content, json, nullable, object, ref, type Schema, text } from './schema-terms.ts'

export const errorSchemas: Readonly<Record<string, Schema>> = {
  ErrorDescriptionResponse: object({
    message: text(),
    restate_code: nullable(text('A code of Restate, such as META0003, where there is one for the error.')),
  }),
  QueryErrorBody: object({ message: text() }),
}

const described: Content = json(ref('ErrorDescriptionResponse'))
/** What was wrong with a request that could not be decoded. */
const plain: Content = { 'text/plain; charset=utf-8': text() }

/** Bodies of errors of a status, unless an operation says otherwise. */
export function errorContent(status: number): Content {
  switch (status) {
    case 413:
    case 415:
    case 422:
      return plain
    case 400:
      return { ...described, ...plain }
    default:
      return described
  }
}

export const describedError = described
export const plainError = plain
export const queryError: Content = json(ref('QueryErrorBody'))
