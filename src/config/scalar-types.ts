import { PerdureError } from '../errors/perdure-error.ts'
import { formatByteSize, parseByteSize } from './byte-size.ts'
import { formatDuration, parseDurationMs } from './duration.ts'
import { accepted, checked, kindOf, type Parsed, refused, textual, type ValueType } from './value-type.ts'

/** Any text that is not empty. */
export const text: ValueType<string> = textual({
  name: 'text',
  allowed: 'a text that is not empty',
  jsonSchema: { type: 'string', minLength: 1 },
  parseText: (raw) => (raw === '' ? refused('it is empty') : accepted(raw)),
  formatText: (value) => value,
})

/** A name that becomes one segment of a path. */
export const fileName: ValueType<string> = checked(
  text,
  'a name of at most 200 characters, without "/", "\\" or control characters, that does not start with a dot',
  (value) =>
    value.length > 200 || value.startsWith('.') || /[/\\\p{Cc}]/u.test(value)
      ? 'it cannot be the name of a directory'
      : undefined,
)

/** A name that is sent as a header value. */
export const headerSafeName: ValueType<string> = checked(text, 'a name in visible ASCII characters', (value) =>
  /^[\x21-\x7e]+$/.test(value) ? undefined : 'it has a space, a control character or a character outside ASCII',
)

/** A path; relative ones are taken from the working directory. */
export const path: ValueType<string> = checked({ ...text, name: 'path' }, 'the path of a file or directory', (value) =>
  /\p{Cc}|-----BEGIN/u.test(value) ? 'it is content, not a path' : undefined,
)

export const boolean: ValueType<boolean> = {
  name: 'boolean',
  allowed: 'true or false',
  jsonSchema: { type: 'boolean' },
  parse: (raw) => {
    if (raw === true || raw === 'true') return accepted(true)
    if (raw === false || raw === 'false') return accepted(false)
    return refused('it is neither true nor false')
  },
  format: (value) => String(value),
}

export function oneOf<const T extends string>(...choices: T[]): ValueType<T> {
  const allowed = choices.map((choice) => JSON.stringify(choice)).join(', ')
  return textual<T>({
    name: choices.join(' \\| '),
    allowed: choices.length === 1 ? allowed : `one of ${allowed}`,
    jsonSchema: { enum: choices },
    parseText: (raw) => {
      const choice = choices.find((candidate) => candidate === raw)
      return choice === undefined ? refused('it is none of these') : accepted(choice)
    },
    formatText: (value) => value,
  })
}

/** A number in a range, both ends included. */
export function number(min: number, max: number): ValueType<number> {
  return {
    name: 'number',
    allowed: `a number from ${min} to ${max}`,
    jsonSchema: { type: 'number', minimum: min, maximum: max },
    parse: (raw) => {
      const value = typeof raw === 'string' && /^[+-]?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw
      if (typeof value !== 'number' || Number.isNaN(value)) return refused(`it is ${kindOf(raw)}, not a number`)
      return value < min || value > max ? refused('it is out of range') : accepted(value)
    },
    // 2.0 stays a float in TOML, as restate-server writes it.
    format: (value) => (Number.isInteger(value) ? value.toFixed(1) : String(value)),
  }
}

/** A whole number in a range, both ends included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): ValueType<number> {
  const allowed =
    max === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`
  return {
    name: 'integer',
    allowed,
    jsonSchema: { type: 'integer', minimum: min, ...(max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max }) },
    parse: (raw) => {
      const value = typeof raw === 'string' && /^\+?\d{1,16}$/.test(raw) ? Number(raw) : raw
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return refused('it is not a whole number')
      return value < min || value > max ? refused('it is out of range') : accepted(value)
    },
    format: (value) => String(value),
  }
}

/** A TCP port; 0 takes any free one. */
export const port: ValueType<number> = integer(0, 65_535)

/** Attempts in all, or `unlimited`. */
export const attempts: ValueType<number | 'unlimited'> = {
  name: 'integer \\| unlimited',
  allowed: 'a whole number of at least 1, or "unlimited"',
  jsonSchema: { oneOf: [{ type: 'integer', minimum: 1 }, { enum: ['unlimited', 'infinite'] }] },
  parse: (raw) => (raw === 'unlimited' || raw === 'infinite' ? accepted('unlimited') : integer(1).parse(raw)),
  format: (value) => (value === 'unlimited' ? '"unlimited"' : String(value)),
}

/** A duration in ms; see `parseDurationMs` for what may be written. */
export const duration: ValueType<number> = {
  name: 'duration',
  allowed: 'a duration such as "1m 30s", "500ms", "5 minutes", "1d" or "PT2M", or 0',
  jsonSchema: { oneOf: [{ type: 'string', minLength: 1 }, { const: 0 }] },
  parse: (raw) => {
    if (raw === 0) return accepted(0)
    if (typeof raw !== 'string') return refused(`it is ${kindOf(raw)}; write a string with a unit`)
    return fromThrowing(() => parseDurationMs(raw))
  },
  format: (value) => `"${formatDuration(value)}"`,
}

/** A duration of at least one ms, where 0 would mean nothing. */
export const positiveDuration: ValueType<number> = checked(
  duration,
  'a duration of more than zero, such as "10s", "500ms" or "PT1M"',
  (value) => (value === 0 ? 'it is zero' : undefined),
  { oneOf: [{ type: 'string', minLength: 1 }] },
)

/** A size in bytes, both ends included. */
export function byteSize(min: number, max: number = Number.MAX_SAFE_INTEGER): ValueType<number> {
  const upper = max === Number.MAX_SAFE_INTEGER ? '' : `, at most ${formatByteSize(max)}`
  return {
    name: 'size',
    allowed: `a size such as "32 MiB", "256MB" or 4096, at least ${formatByteSize(min)}${upper}`,
    jsonSchema: {
      oneOf: [
        { type: 'string', minLength: 1 },
        { type: 'integer', minimum: min },
      ],
    },
    parse: (raw) => {
      const parsed = typeof raw === 'string' ? fromThrowing(() => parseByteSize(raw)) : integer(0).parse(raw)
      if (parsed.ok && (parsed.value < min || parsed.value > max)) return refused('it is out of range')
      return parsed
    },
    format: (value) => `"${formatByteSize(value)}"`,
  }
}

/** Permission bits of a socket file: "0600", or 0o600 in TOML. */
export const fileMode: ValueType<number> = {
  name: 'file mode',
  allowed: 'permission bits in octal such as "0600" or "0660", of which the owner keeps read and write',
  jsonSchema: { oneOf: [{ type: 'string', pattern: '^(0o)?0?[67][0-7]{2}$' }, { type: 'integer' }] },
  parse: (raw) => {
    const mode =
      typeof raw === 'string' && /^(0o)?0?[0-7]{3}$/.test(raw) ? Number.parseInt(raw.replace('0o', ''), 8) : raw
    if (typeof mode !== 'number' || !Number.isInteger(mode) || mode < 0 || mode > 0o777) {
      return refused('these are not octal permission bits')
    }
    return (mode & 0o600) === 0o600 ? accepted(mode) : refused('the owner must keep read and write')
  },
  format: (value) => `"0${value.toString(8).padStart(3, '0')}"`,
}

function fromThrowing(parse: () => number): Parsed<number> {
  try {
    return accepted(parse())
  } catch (error) {
    if (error instanceof PerdureError) return refused(error.message)
    throw error
  }
}
