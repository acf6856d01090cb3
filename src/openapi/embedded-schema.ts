/** Deeper than this, nothing refers anywhere in practice, and recursion has an end. */
const maxDepth = 100

/**
 * A JSON schema as a part of another document, at `location`: what refers to the schema itself (`#/$defs/Item`) refers to
 * where that now is. A schema that has an `$id` is a document of its own, and stays as it is.
 */
export function embeddedSchema(schema: unknown, location: string): unknown {
  return rewritten(schema, location, 0)
}

function rewritten(value: unknown, location: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value
  if (Array.isArray(value)) return value.map((item) => rewritten(item, location, depth + 1))
  if ('$id' in value) return value
  const entries = Object.entries(value).map(([name, item]): [string, unknown] => {
    const isLocal = name === '$ref' && typeof item === 'string' && (item === '#' || item.startsWith('#/'))
    return [name, isLocal ? location + item.slice(1) : rewritten(item, location, depth + 1)]
  })
  return Object.fromEntries(entries)
}
