/** A JSON schema (draft 2020-12, as in OpenAPI 3.1). */
export type Schema = Readonly<Record<string, unknown>>

/** Bodies by media type; none for an empty body. */
export type Content = Readonly<Record<string, Schema>>

export const noBody: Content = {}

export function json(schema: Schema): Content {
  return { 'application/json': schema }
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

export function text(description?: string): Schema {
  return described({ type: 'string' }, description)
}

export function words(...values: readonly string[]): Schema {
  return { type: 'string', enum: values }
}

export function flag(description?: string): Schema {
  return described({ type: 'boolean' }, description)
}

export function integer(minimum: number, description?: string): Schema {
  return described({ type: 'integer', minimum }, description)
}

export function number(): Schema {
  return { type: 'number' }
}

export function timestamp(description?: string): Schema {
  return described({ type: 'string', format: 'date-time' }, description)
}

export function duration(description?: string): Schema {
  return described(
    { type: 'string', examples: ['1d', '1h 30m', '500ms'] },
    description === undefined ? undefined : `${description} In words, or ISO 8601.`,
  )
}

export function listOf(items: Schema, description?: string): Schema {
  return described({ type: 'array', items }, description)
}

/** Texts by name. */
export function texts(description?: string): Schema {
  return described({ type: 'object', additionalProperties: { type: 'string' } }, description)
}

/** An object that has the first fields always, the others where they apply. */
export function object(required: Content, optional: Content = {}, description?: string): Schema {
  const names = Object.keys(required)
  const properties = { ...required, ...optional }
  return described({ type: 'object', ...(names.length === 0 ? {} : { required: names }), properties }, description)
}

/** A field that may be null, which says the same as its absence. */
export function nullable(schema: Schema): Schema {
  return typeof schema.type === 'string' && !('enum' in schema)
    ? { ...schema, type: [schema.type, 'null'] }
    : { oneOf: [{ type: 'null' }, schema] }
}

/** All fields nullable: how requests treat their optional fields. */
export function nullables(fields: Content): Content {
  return Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, nullable(schema)]))
}

function described(schema: Schema, description: string | undefined): Schema {
  return description === undefined ? schema : { ...schema, description }
}
