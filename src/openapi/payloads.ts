import type { HandlerRecord } from '../core/deployment.ts'
import { embeddedSchema } from './embedded-schema.ts'

type Content = Record<string, Readonly<Record<string, unknown>>>

/** `{requestBody}` of a handler, or nothing for one without input. Its schema, if it has one, is added to `schemas`. */
export function requestBody(
  schemas: Record<string, unknown>,
  schemaName: string,
  { input, inputJsonSchema }: HandlerRecord,
): { readonly requestBody?: { readonly required: boolean; readonly content: Content } } {
  const content: Content = {}
  for (const rule of input) {
    if (rule.kind === 'empty') continue
    const hasSchema = rule.kind === 'json' && inputJsonSchema !== undefined
    content[rule.contentType] = hasSchema ? reference(schemas, schemaName, inputJsonSchema) : {}
  }
  if (Object.keys(content).length === 0) return {}
  return { requestBody: { required: !input.some(({ kind }) => kind === 'empty'), content } }
}

/** `{content}` of a result, or nothing for a handler without output. */
export function responseContent(
  schemas: Record<string, unknown>,
  schemaName: string,
  { output, outputJsonSchema }: HandlerRecord,
): { readonly content?: Content } {
  if (output.kind === 'none') return {}
  const { contentType } = output
  if (outputJsonSchema === undefined) return { content: { [contentType]: {} } }
  return { content: { [contentType]: reference(schemas, schemaName, outputJsonSchema) } }
}

function reference(schemas: Record<string, unknown>, name: string, schema: unknown) {
  schemas[name] = embeddedSchema(schema, `#/components/schemas/${name}`)
  return { schema: { $ref: `#/components/schemas/${name}` } }
}
