import { QueryUnsupported } from '../../errors/query.ts'

/**
 * Reads the parser's tree, which is JSON of a hundred kinds of nodes. Nothing is taken from it but what a reader asks for by name, and
 * whatever nobody has asked for and is not empty is refused: a clause that is not understood cannot slip through.
 */
export interface Variant {
  readonly tag: string
  readonly body: unknown
}

/** A node is its name, or an object with its name as only key. */
export function variantOf(node: unknown): Variant {
  if (typeof node === 'string') return { tag: node, body: undefined }
  if (isObject(node)) {
    const [entry, ...others] = Object.entries(node)
    if (entry !== undefined && others.length === 0) return { tag: entry[0], body: entry[1] }
  }
  throw new QueryUnsupported('This SQL is not supported')
}

/**
 * The fields of a node. `names` are those that the reader knows; any other one that holds something is refused, named as `what` says.
 */
export function fieldsOf<const Name extends string>(
  body: unknown,
  what: string,
  names: readonly Name[],
): Readonly<Partial<Record<Name, unknown>>> {
  if (!isObject(body)) throw new QueryUnsupported(`This form of ${what} is not supported`)
  const known: Partial<Record<string, unknown>> = {}
  for (const [name, value] of Object.entries(body)) {
    if (names.some((each) => each === name)) known[name] = value
    else if (!isEmpty(name, value)) throw new QueryUnsupported(`${what}: ${name.replaceAll('_', ' ')} is not supported`)
  }
  return known as Readonly<Partial<Record<Name, unknown>>>
}

/** Positions in the text and marks of how something was spelt. */
const MEANINGLESS = new Set([
  'select_token',
  'case_token',
  'end_token',
  'wildcard_token',
  'with_token',
  'closing_paren_token',
])

function isEmpty(name: string, value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 'None' || value === 'Standard') return true
  if (Array.isArray(value)) return value.length === 0
  return MEANINGLESS.has(name)
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** An identifier folded as the peer does: to lower case, unless it is quoted. */
export function identifierOf(node: unknown): string {
  if (isObject(node) && typeof node.value === 'string') {
    const isQuoted = node.quote_style !== undefined && node.quote_style !== null
    return isQuoted ? node.value : node.value.toLowerCase()
  }
  throw new QueryUnsupported('This form of name is not supported')
}

/** The parts of a name of a table or a function. */
export function objectNameOf(node: unknown): string[] {
  return listOf(node).map((part) => {
    const { tag, body } = variantOf(part)
    if (tag !== 'Identifier') throw new QueryUnsupported('This form of name is not supported')
    return identifierOf(body)
  })
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
