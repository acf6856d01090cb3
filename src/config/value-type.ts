/** What came of reading a value: it, or why it was refused. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

/**
 * A type of configuration value. `parse` takes what TOML gave (string, number, boolean, array, table) or the text of an
 * environment variable or flag, and is the only place where values are checked.
 */
export interface ValueType<T> {
  /** In one or two words, for tables: `duration`. */
  readonly name: string
  /** What may be written, for error messages: `a duration such as "1m 30s"`. */
  readonly allowed: string
  readonly jsonSchema: Readonly<Record<string, unknown>>
  parse(raw: unknown): Parsed<T>
  /** The value as TOML, such that `parse` gives it back. */
  format(value: T): string
}

export function accepted<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

export function refused(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason }
}

/** A TOML basic string. JSON escapes are a subset of TOML's, but for DEL, which TOML wants escaped. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f')
}

/** A type whose values are read from text; other kinds of TOML value are refused. */
export function textual<T>(
  type: Omit<ValueType<T>, 'parse' | 'format'> & { parseText(text: string): Parsed<T>; formatText(value: T): string },
): ValueType<T> {
  return {
    name: type.name,
    allowed: type.allowed,
    jsonSchema: type.jsonSchema,
    parse: (raw) => (typeof raw === 'string' ? type.parseText(raw) : refused(`it is ${kindOf(raw)}, not a string`)),
    format: (value) => tomlString(type.formatText(value)),
  }
}

/** Names the kind of a TOML value for an error message. */
export function kindOf(raw: unknown): string {
  if (Array.isArray(raw)) return 'an array'
  if (raw instanceof Date) return 'a date'
  if (raw === null || raw === undefined) return 'nothing'
  return typeof raw === 'object' ? 'a table' : `a ${typeof raw}`
}

/** The same type with a further check on the value. */
export function checked<T>(
  type: ValueType<T>,
  allowed: string,
  check: (value: T) => string | undefined,
  jsonSchema: Readonly<Record<string, unknown>> = {},
): ValueType<T> {
  return {
    name: type.name,
    allowed,
    jsonSchema: { ...type.jsonSchema, ...jsonSchema },
    parse: (raw) => {
      const parsed = type.parse(raw)
      const reason = parsed.ok ? check(parsed.value) : undefined
      return reason === undefined ? parsed : refused(reason)
    },
    format: (value) => type.format(value),
  }
}
