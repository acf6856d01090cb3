import { parse as parseToml } from 'smol-toml'
import { isHostName } from './address-types.ts'
import { HEADER_NAME, headerPatternProblem, isTransportHeader } from './header-names.ts'
import { accepted, kindOf, type Parsed, refused, tomlString, type ValueType } from './value-type.ts'

const MAX_ITEMS = 1000

/**
 * A list of texts. Environment variables and flags take a TOML array (`["a", "b"]`) or items separated by commas, with or
 * without brackets.
 */
export function textList(
  itemName: string,
  allowedItem: string,
  check: (item: string) => string | undefined,
  normalize: (item: string) => string = (item) => item,
): ValueType<readonly string[]> {
  return {
    name: `list of ${itemName}`,
    allowed: `a list of ${allowedItem}`,
    jsonSchema: { type: 'array', items: { type: 'string', minLength: 1 }, maxItems: MAX_ITEMS },
    parse: (raw) => {
      const items = typeof raw === 'string' ? listFromText(raw) : raw
      if (!Array.isArray(items)) return refused(`it is ${kindOf(raw)}, not a list`)
      if (items.length > MAX_ITEMS) return refused(`it has more than ${MAX_ITEMS} items`)
      const values: string[] = []
      for (const item of items) {
        if (typeof item !== 'string') return refused(`an item is ${kindOf(item)}, not a string`)
        const value = normalize(item)
        const reason = check(value)
        if (reason !== undefined) return refused(`${JSON.stringify(item)}: ${reason}`)
        values.push(value)
      }
      return accepted(values)
    },
    format: (value) => `[${value.map(tomlString).join(', ')}]`,
  }
}

function listFromText(raw: string): unknown {
  const fromToml = tomlValue(raw, '[')
  if (fromToml !== undefined) return fromToml
  return raw
    .replace(/^\[(.*)\]$/s, '$1')
    .split(',')
    .map((item) => item.trim().replace(/^"(.*)"$/s, '$1'))
    .filter((item) => item !== '')
}

function tomlValue(raw: string, opening: string): unknown {
  if (!raw.trimStart().startsWith(opening)) return undefined
  try {
    return parseToml(`value = ${raw.replaceAll('\n', ' ')}`).value
  } catch {
    return undefined
  }
}

/** Names of headers, in lower case. */
export const headerNames: ValueType<readonly string[]> = textList(
  'header names',
  'header names',
  (item) => (HEADER_NAME.test(item) ? undefined : 'it is not a header name'),
  (item) => item.toLowerCase(),
)

/** Names of headers, `prefix-*` or `*`, in lower case. Names that never reach a handler are refused. */
export const headerPatterns: ValueType<readonly string[]> = textList(
  'header patterns',
  'header names, "prefix-*" or "*"',
  (item) => headerPatternProblem(item.toLowerCase()),
  (item) => item.toLowerCase(),
)

/** Host names that a Host header may carry. There is no wildcard: the check guards against DNS rebinding. */
export const hostNames: ValueType<readonly string[]> = textList(
  'host names',
  'host names without ports, such as "restate.internal"',
  (item) => (isHostName(item) ? undefined : 'it is not a host name'),
  (item) => item.toLowerCase(),
)

/** Web origins as browsers send them, or `*` for every one. */
export const origins: ValueType<readonly string[]> = textList(
  'origins',
  'web origins such as "https://app.example", or "*"',
  (item) => {
    if (item === '*') return undefined
    const isOrigin = /^https?:\/\//.test(item) && URL.canParse(item) && new URL(item).origin === item
    return isOrigin ? undefined : 'it is not an origin: scheme, host and port in lower case, nothing behind'
  },
)

/** Headers by name (lower case). Values are taken for secrets. */
export const headerMap: ValueType<Readonly<Record<string, string>>> = {
  name: 'table of headers',
  allowed: 'a table of header names and values, such as { x-team = "payments" }',
  jsonSchema: { type: 'object', additionalProperties: { type: 'string' }, maxProperties: MAX_ITEMS },
  parse: parseHeaderMap,
  format: formatTextTable,
}

function formatTextTable(value: Readonly<Record<string, string>>): string {
  const entries = Object.entries(value).map(([name, text]) => `${tomlKey(name)} = ${tomlString(text)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : tomlString(name)
}

// The reasons name headers but never show their values.
function parseHeaderMap(raw: unknown): Parsed<Readonly<Record<string, string>>> {
  const table = typeof raw === 'string' ? tomlValue(raw, '{') : raw
  if (typeof table !== 'object' || table === null || Array.isArray(table) || table instanceof Date) {
    return refused('it is not a table')
  }
  const entries = Object.entries(table)
  if (entries.length > MAX_ITEMS) return refused(`it has more than ${MAX_ITEMS} entries`)
  const headers = new Map<string, string>()
  for (const [name, value] of entries) {
    const lowerName = name.toLowerCase()
    if (!HEADER_NAME.test(lowerName)) return refused(`${JSON.stringify(name)} is not a header name`)
    if (isTransportHeader(lowerName)) return refused(`${lowerName} belongs to the connection and cannot be set`)
    if (typeof value !== 'string') return refused(`the value of ${lowerName} is ${kindOf(value)}, not a string`)
    if (!/^[\t\x20-\x7e]*$/.test(value)) return refused(`the value of ${lowerName} is not visible ASCII`)
    headers.set(lowerName, value)
  }
  return accepted(Object.fromEntries(headers))
}

/** Names of API keys and their SHA-256; a name is the subject of whoever uses the key. */
export const apiKeyTable: ValueType<Readonly<Record<string, string>>> = textTable(
  'API keys',
  'a table of names and "sha256:" with 64 hexadecimal digits',
  // The reasons never show a value: somebody may have written the key itself.
  (name, value) => apiKeyProblem(name, value),
)

/** Why a name and a hash cannot be an API key; `undefined` when they can. */
export function apiKeyProblem(name: string, hash: string): string | undefined {
  if (!/^[\x21-\x7e]{1,200}$/.test(name)) return 'a name has 1 to 200 visible ASCII characters, and no space'
  if (/^sha256:[0-9a-f]{64}$/.test(hash)) return undefined
  return 'the value is not "sha256:" and 64 hexadecimal digits in lower case: the hash of the key, never the key'
}

/** Claims of a token and what they must be; `*` is anything. Numbers and booleans of TOML count as their text. */
export const claimTable: ValueType<Readonly<Record<string, string>>> = textTable(
  'claims',
  'a table of claims and values, such as { hd = "example.com" }',
  (_name, value) => (value === '' ? 'the value is empty' : undefined),
)

/** A table of texts; `check` says why an entry is refused. */
export function textTable(
  what: string,
  allowed: string,
  check: (name: string, value: string) => string | undefined,
): ValueType<Readonly<Record<string, string>>> {
  return {
    name: `table of ${what}`,
    allowed,
    jsonSchema: {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      maxProperties: MAX_ITEMS,
    },
    parse: (raw) => {
      const table = typeof raw === 'string' ? tomlValue(raw, '{') : raw
      if (typeof table !== 'object' || table === null || Array.isArray(table) || table instanceof Date) {
        return refused('it is not a table')
      }
      const entries = Object.entries(table)
      if (entries.length > MAX_ITEMS) return refused(`it has more than ${MAX_ITEMS} entries`)
      const values = new Map<string, string>()
      for (const [name, value] of entries) {
        if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
          return refused(`${JSON.stringify(name)} is ${kindOf(value)}, not a string`)
        }
        const reason = check(name, String(value))
        if (reason !== undefined) return refused(`${JSON.stringify(name)}: ${reason}`)
        values.set(name, String(value))
      }
      return accepted(Object.fromEntries(values))
    },
    format: formatTextTable,
  }
}
