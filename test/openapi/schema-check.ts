/**
 * Why a value is not what a schema says; empty if it is. Knows the keywords that the document of the admin API uses, and refuses others:
 * what it passed over could be wrong.
 */
export function schemaProblems(root: unknown, schema: unknown, value: unknown, at = '$'): string[] {
  const problems: string[] = []
  for (const [keyword, rule] of Object.entries(schema as object)) {
    const check = checks[keyword]
    if (check === undefined) problems.push(`${at}: unknown keyword ${keyword}`)
    else problems.push(...check({ root, schema: schema as Record<string, unknown>, rule, value, at }))
  }
  return problems
}

export function follow(root: unknown, reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, segment) => (isObject(value) ? value[segment] : undefined), root)
}

interface Checked {
  readonly root: unknown
  readonly schema: Readonly<Record<string, unknown>>
  readonly rule: unknown
  readonly value: unknown
  readonly at: string
}

const says = (holds: boolean, at: string, what: string) => (holds ? [] : [`${at}: ${what}`])
const annotation = () => []

const checks: Readonly<Record<string, (checked: Checked) => string[]>> = {
  $ref: ({ root, rule, value, at }) => schemaProblems(root, follow(root, String(rule)), value, at),
  type: ({ rule, value, at }) =>
    says(
      [rule].flat().some((type) => isOfType(value, type)),
      at,
      `${JSON.stringify(value)} is no ${rule}`,
    ),
  enum: ({ rule, value, at }) => says((rule as unknown[]).includes(value), at, `${value} is none of ${rule}`),
  minimum: ({ rule, value, at }) => says(typeof value !== 'number' || value >= Number(rule), at, `below ${rule}`),
  maximum: ({ rule, value, at }) => says(typeof value !== 'number' || value <= Number(rule), at, `above ${rule}`),
  maxItems: ({ rule, value, at }) =>
    says(!Array.isArray(value) || value.length <= Number(rule), at, `more than ${rule} items`),
  required: ({ rule, value, at }) =>
    (rule as string[]).flatMap((name) => says(!isObject(value) || name in value, at, `${name} is missing`)),
  properties: ({ root, rule, value, at }) =>
    Object.entries(rule as object).flatMap(([name, schema]) =>
      isObject(value) && name in value ? schemaProblems(root, schema, value[name], `${at}.${name}`) : [],
    ),
  additionalProperties: ({ root, schema, rule, value, at }) =>
    Object.entries(isObject(value) ? value : {})
      .filter(([name]) => !Object.hasOwn(Object(schema.properties), name))
      .flatMap(([name, item]) => schemaProblems(root, rule, item, `${at}.${name}`)),
  items: ({ root, rule, value, at }) =>
    Array.isArray(value) ? value.flatMap((item, index) => schemaProblems(root, rule, item, `${at}[${index}]`)) : [],
  oneOf: ({ root, rule, value, at }) => {
    const holding = (rule as unknown[]).filter((each) => schemaProblems(root, each, value, at).length === 0)
    return says(holding.length === 1, at, `${holding.length} of oneOf hold`)
  },
  format: ({ rule, value, at }) =>
    says(rule === 'date-time' && !Number.isNaN(Date.parse(String(value))), at, `${value} is no ${rule}`),
  description: annotation,
  examples: annotation,
  default: annotation,
  contentMediaType: annotation,
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    case 'string':
    case 'boolean':
    case 'number':
      return typeof value === type
    default:
      return false
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
