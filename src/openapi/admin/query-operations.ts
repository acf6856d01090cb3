import { plainError, queryError } from './error-schemas.ts'
import type { AdminOperations } from './operation.ts'
import { json, listOf, object, ref, type Schema, text } from './schema-terms.ts'

export const querySchemas: Readonly<Record<string, Schema>> = {
  QueryRequest: object({ query: text('One SELECT over the tables that docs/sql.md lists.') }),
  QueryResponse: object({ rows: listOf({ type: 'object' }, 'Columns by name; those that are null are left out.') }),
}

const arrowStream: Schema = { type: 'string', contentMediaType: 'application/vnd.apache.arrow.stream' }

export const queryOperations: AdminOperations = {
  'POST /query': {
    id: 'query',
    tag: 'introspection',
    summary: 'Ask the tables of the server, by SQL',
    description: 'Rows as JSON for exactly `accept: application/json`, else as an Arrow stream.',
    body: ref('QueryRequest'),
    success: { 200: { ...json(ref('QueryResponse')), 'application/vnd.apache.arrow.stream': arrowStream } },
    errors: [400, 429, 500, 503],
    errorBodies: {
      400: { ...queryError, ...plainError },
      413: { ...queryError, ...plainError },
      429: queryError,
      500: queryError,
      503: queryError,
    },
  },
}
