import type { SQLOutputValue } from 'node:sqlite'
import { QueryFailed } from '../../errors/query.ts'
import { formatDate, formatDuration, formatTimestamp, parseTimestamp } from '../timestamp-text.ts'
import { numberOf, type SqlFunction, textOf } from './register.ts'
import { dayOfYear, formatSpan, formatTime, isoWeek } from './time-format.ts'

/** Conversions between types, and the arithmetic of time that SQLite lacks. */
export const valueFunctions: Readonly<Record<string, SqlFunction>> = {
  x_divisor: (value) => {
    if (value === 0 || value === 0n) throw new QueryFailed('Arrow error: Divide by zero error')
    return value ?? null
  },
  x_int_of_text: (value, strict) => converted(value, strict, 'Int64', /^[-+]?\d{1,19}$/, (text) => BigInt(text)),
  x_float_of_text: (value, strict) =>
    converted(value, strict, 'Float64', /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i, Number),
  x_bool_of_text: (value, strict) =>
    converted(value, strict, 'Boolean', /^(?:t|true|yes|y|on|1|f|false|no|n|off|0)$/i, (text) =>
      Number(/^(?:t|y|on|1)/i.test(text)),
    ),
  x_parse_timestamp: (value) => {
    const text = textOf(value)
    if (text === undefined) return null
    const ms = parseTimestamp(text)
    if (ms === undefined) throw new QueryFailed(`Arrow error: Parser error: Error parsing timestamp from '${text}'`)
    return ms
  },
  x_try_parse_timestamp: (value) => parseTimestamp(textOf(value) ?? '') ?? null,
  x_timestamp_text: (value, utc) => {
    const ms = numberOf(value)
    return ms === undefined ? null : formatTimestamp(ms, utc === 1)
  },
  x_duration_text: (value) => {
    const ms = numberOf(value)
    return ms === undefined ? null : formatDuration(ms)
  },
  x_date_text: (value) => {
    const ms = numberOf(value)
    return ms === undefined ? null : formatDate(ms)
  },
  x_make_date: (year, month, day) => {
    const [y, m, d] = [year, month, day].map(numberOf)
    if (y === undefined || m === undefined || d === undefined) return null
    // `Date.UTC` takes years below 100 for those of the last century.
    const date = new Date(0)
    date.setUTCFullYear(y, m - 1, d)
    if (date.getUTCMonth() === m - 1 && date.getUTCDate() === d) return date.getTime()
    throw new QueryFailed(`Execution error: Unable to parse date from ${y}, ${m}, ${d}`)
  },
  x_to_char: (value, utc, format) => {
    const ms = numberOf(value)
    return ms === undefined || format === null ? null : formatTime(ms, utc === 1, textOf(format) ?? '')
  },
  x_span_text: (value) => {
    const ms = numberOf(value)
    return ms === undefined ? null : formatSpan(ms)
  },
  x_span_part: (unit, value) => {
    const ms = numberOf(value)
    return ms === undefined ? null : spanPart(String(unit).toLowerCase(), ms)
  },
  x_cbrt: (value) => {
    const number = numberOf(value)
    return number === undefined ? null : Math.cbrt(number)
  },
  x_add_months: (value, months) => {
    const ms = numberOf(value)
    const count = numberOf(months)
    return ms === undefined || count === undefined ? null : addMonths(new Date(ms), count)
  },
  x_date_trunc: (unit, value) => {
    const ms = numberOf(value)
    return ms === undefined ? null : truncated(String(unit).toLowerCase(), new Date(ms))
  },
  x_date_part: (unit, value) => {
    const ms = numberOf(value)
    return ms === undefined ? null : part(String(unit).toLowerCase(), new Date(ms))
  },
}

/** Functions of any number of arguments. NULLs do not count. */
export const extremeFunctions: Readonly<Record<string, SqlFunction>> = {
  x_greatest: (...values) => extreme(values, 1),
  x_least: (...values) => extreme(values, -1),
}

function extreme(values: readonly SQLOutputValue[], sign: 1 | -1): SQLOutputValue {
  let best: SQLOutputValue = null
  for (const value of values) {
    if (value !== null && (best === null || compare(value, best) * sign > 0)) best = value
  }
  return best
}

function compare(a: SQLOutputValue, b: SQLOutputValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Buffer.compare(Buffer.from(textOf(a) ?? ''), Buffer.from(textOf(b) ?? ''))
}

function converted<T extends number | bigint>(
  value: SQLOutputValue | undefined,
  strict: SQLOutputValue | undefined,
  type: string,
  pattern: RegExp,
  convert: (text: string) => T,
): T | null {
  const text = textOf(value)
  if (text === undefined) return null
  if (pattern.test(text.trim())) {
    const result = convert(text.trim())
    if (typeof result === 'number' || BigInt.asIntN(64, result) === result) return result
  }
  if (strict === 0) return null
  throw new QueryFailed(`Arrow error: Cast error: Cannot cast string '${text}' to value of ${type} type`)
}

/** The same day of another month, or its last one. */
function addMonths(date: Date, months: number): number {
  const day = date.getUTCDate()
  const moved = new Date(date)
  moved.setUTCDate(1)
  moved.setUTCMonth(moved.getUTCMonth() + months)
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate()
  moved.setUTCDate(Math.min(day, last))
  return moved.getTime()
}

function truncated(unit: string, date: Date): number {
  const year = date.getUTCFullYear()
  const month = date.getUTCMonth()
  switch (unit) {
    case 'year':
      return Date.UTC(year)
    case 'quarter':
      return Date.UTC(year, month - (month % 3))
    case 'month':
      return Date.UTC(year, month)
    case 'week':
      return Date.UTC(year, month, date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
    case 'day':
      return floorTo(date, 86_400_000)
    case 'hour':
      return floorTo(date, 3_600_000)
    case 'minute':
      return floorTo(date, 60_000)
    case 'second':
      return floorTo(date, 1000)
    case 'millisecond':
      return date.getTime()
    default:
      throw new QueryFailed(`Execution error: Unsupported date_trunc granularity: '${unit}'`)
  }
}

function floorTo(date: Date, ms: number): number {
  return Math.floor(date.getTime() / ms) * ms
}

function part(unit: string, date: Date): number {
  switch (unit) {
    case 'year':
      return date.getUTCFullYear()
    case 'quarter':
      return Math.floor(date.getUTCMonth() / 3) + 1
    case 'month':
      return date.getUTCMonth() + 1
    case 'day':
      return date.getUTCDate()
    case 'hour':
      return date.getUTCHours()
    case 'minute':
      return date.getUTCMinutes()
    case 'second':
      return date.getUTCSeconds()
    case 'millisecond':
      return date.getUTCSeconds() * 1000 + date.getUTCMilliseconds()
    case 'week':
      return isoWeek(date).week
    case 'isoyear':
      return isoWeek(date).year
    case 'isodow':
      return (date.getUTCDay() + 6) % 7
    case 'dow':
      return date.getUTCDay()
    case 'doy':
      return dayOfYear(date)
    case 'epoch':
      return date.getTime() / 1000
    default:
      throw new QueryFailed(`Execution error: Date part '${unit}' not supported`)
  }
}

const SPANS: Readonly<Record<string, number>> = {
  week: 7 * 86_400_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
}

/** A whole duration in one unit; seconds since anything are the seconds that it has. */
function spanPart(unit: string, ms: number): number {
  if (unit === 'epoch') return ms / 1000
  const size = Object.hasOwn(SPANS, unit) ? SPANS[unit] : undefined
  if (size === undefined) throw new QueryFailed(`Execution error: Date part '${unit}' not supported`)
  return Math.trunc(ms / size)
}
