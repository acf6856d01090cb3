const maxDepth = 128

const typeNames = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'])

/** Keywords whose values are data: what looks like a schema in there is none. */
const dataKeywords = new Set(['const', 'default', 'enum', 'example', 'examples'])

/**
 * Why a JSON schema from a manifest cannot be kept, or `undefined` if it can: it must be an object or a boolean, not
 * deeper than 128 levels, with known types, and complete in itself, because nothing is ever fetched to resolve a
 * reference. Bodies are not validated against it; it is for documentation.
 */
export function jsonSchemaProblem(schema: unknown): string | undefined {
  if (typeof schema === 'boolean') return undefined
  if (!isObject(schema)) return 'it is neither an object nor a boolean'
  if (!isShallow(schema)) return `it is nested deeper than ${maxDepth} levels`
  const ids = new Set<string>()
  const references: string[] = []
  visit(schema, ids, references)
  const unknownType = typesOf(schema).find((type) => !typeNames.has(type))
  if (unknownType !== undefined) return `'${unknownType.slice(0, 50)}' is not a JSON type`
  return references.every((reference) => reference.startsWith('#') || ids.has(withoutFragment(reference)))
    ? undefined
    : 'it refers to another document by $ref; bundle what it refers to into $defs'
}

/** `<title>`, or else `<type>`: how a schema is named in listings. */
export function jsonSchemaName(schema: unknown): string | undefined {
  if (!isObject(schema)) return undefined
  if (typeof schema.title === 'string') return schema.title
  return typeof schema.type === 'string' ? schema.type : undefined
}

function visit(value: unknown, ids: Set<string>, references: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, ids, references)
    return
  }
  if (!isObject(value)) return
  for (const [keyword, child] of Object.entries(value)) {
    if (dataKeywords.has(keyword)) continue
    if (typeof child !== 'string') visit(child, ids, references)
    else if (keyword === '$id') ids.add(withoutFragment(child))
    else if (keyword === '$ref' || keyword === '$dynamicRef') references.push(child)
  }
}

/** Without recursion: a manifest of a few megabytes can nest deeper than the stack. */
function isShallow(schema: unknown): boolean {
  let level: unknown[] = [schema]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) return false
    level = level
      .filter((value) => typeof value === 'object' && value !== null)
      .flatMap((value) => Object.values(value ?? {}))
  }
  return true
}

function typesOf(schema: Readonly<Record<string, unknown>>): string[] {
  const types = Array.isArray(schema.type) ? schema.type : schema.type === undefined ? [] : [schema.type]
  return types.map(String)
}

function withoutFragment(reference: string): string {
  return reference.split('#', 1)[0] ?? reference
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
