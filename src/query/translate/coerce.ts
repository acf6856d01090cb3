import { QueryInvalid } from '../../errors/query.ts'
import { int64, type SqlType, typeName } from '../sql-type.ts'
import type { Expression } from './expression.ts'
import { intervalMs } from './interval.ts'
import { timestampMs } from './literal.ts'
import { wideText } from './sql-text.ts'

/** The type that values of all these types get when they stand in one column; `undefined` if there is none. */
export function commonType(types: readonly SqlType[]): SqlType | undefined {
  let common: SqlType = { kind: 'null' }
  for (const type of types) {
    const next = pairType(common, type)
    if (next === undefined) return undefined
    common = next
  }
  return common
}

function pairType(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'null') return b
  if (b.kind === 'null') return a
  if (a.kind === 'int' && b.kind === 'int') return commonInt(a, b)
  if (a.kind === 'text' && b.kind === 'text') return { kind: 'text', large: a.large || b.large }
  if (a.kind === 'binary' && b.kind === 'binary') return { kind: 'binary', large: a.large || b.large }
  if (a.kind === 'timestamp' && b.kind === 'timestamp') {
    const isMs = a.unit === 'ms' || b.unit === 'ms'
    return { kind: 'timestamp', unit: isMs ? 'ms' : 'ns', utc: a.utc || b.utc }
  }
  if (a.kind === 'duration' && b.kind === 'duration') return a.unit === 'ms' ? a : b
  if (a.kind === 'list' && b.kind === 'list') return a.of === b.of ? a : undefined
  if (a.kind === b.kind) return a
  return unlikeType(a, b) ?? unlikeType(b, a)
}

function unlikeType(a: SqlType, b: SqlType): SqlType | undefined {
  const isNumber = b.kind === 'int' || b.kind === 'float' || b.kind === 'wide'
  switch (a.kind) {
    case 'float':
      return isNumber ? a : undefined
    case 'wide':
      return b.kind === 'int' ? a : undefined
    case 'text':
      return isNumber || b.kind === 'bool' || b.kind === 'json' ? a : undefined
    case 'timestamp':
      return b.kind === 'text' || b.kind === 'date' ? a : undefined
    case 'date':
    case 'binary':
      return b.kind === 'text' ? a : undefined
    case 'duration':
      return b.kind === 'interval' ? a : undefined
    default:
      return undefined
  }
}

function commonInt(a: SqlType & { kind: 'int' }, b: SqlType & { kind: 'int' }): SqlType {
  if (a.arrow === b.arrow) return a
  const arrows = [a.arrow, b.arrow]
  if (arrows.includes('Int64') || arrows.includes('Int32')) return int64
  return { kind: 'int', arrow: 'UInt64' }
}

/** SQL for the expression's value as a value of `type`, which `commonType` or a comparison has found. */
export function coerce(expression: Expression, type: SqlType): string {
  const { sql, type: from, literal } = expression
  if (from.kind === type.kind || from.kind === 'null') return sql
  switch (type.kind) {
    case 'timestamp':
      if (from.kind === 'date') return sql
      return typeof literal === 'string' ? String(timestampMs(literal)) : `x_parse_timestamp(${sql})`
    case 'date':
      return dayOf(typeof literal === 'string' ? String(timestampMs(literal)) : `x_parse_timestamp(${sql})`)
    case 'binary':
      return `CAST(${sql} AS BLOB)`
    case 'text':
      return textOf(expression)
    case 'float':
      return from.kind === 'text' ? numberOfText(expression, type) : `CAST(${sql} AS REAL)`
    case 'wide':
      // The digits as they are written: the number may be larger than JavaScript has exactly.
      if (typeof literal === 'number' && /^\d+$/.test(sql)) return wideText(BigInt(sql))
      if (typeof literal === 'string' && /^\d{1,19}$/.test(literal)) return wideText(BigInt(literal))
      return `format('%020d', ${sql})`
    case 'int':
      return numberOfText(expression, type)
    case 'duration':
      return intervalAsMs(expression)
    default:
      throw new QueryInvalid(`Error during planning: ${typeName(from)} cannot be used as ${typeName(type)}`)
  }
}

/** The value as text, as a cast would give it. */
export function textOf({ sql, type }: Expression): string {
  switch (type.kind) {
    case 'text':
    case 'null':
      return sql
    case 'bool':
      return `CASE ${sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`
    case 'timestamp':
      return `x_timestamp_text(${sql}, ${type.utc ? 1 : 0})`
    case 'date':
      return `x_date_text(${sql})`
    case 'duration':
      return `x_duration_text(${sql})`
    case 'wide':
      return `CASE WHEN ltrim(${sql}, '0') = '' AND ${sql} IS NOT NULL THEN '0' ELSE ltrim(${sql}, '0') END`
    case 'binary':
      return `x_utf8_strict(${sql})`
    case 'json':
      return `x_json_text(${sql})`
    default:
      return `CAST(${sql} AS TEXT)`
  }
}

export const DAY_MS = 86_400_000

/** The midnight before, or at, a time. */
export function dayOf(sql: string): string {
  return /^\d+$/.test(sql)
    ? String(Number(sql) - (Number(sql) % DAY_MS))
    : `(${sql} - (${sql} % ${DAY_MS} + ${DAY_MS}) % ${DAY_MS})`
}

/** An interval in milliseconds; only those without months have a length. */
export function intervalAsMs({ interval }: Expression): string {
  const ms = interval === undefined ? undefined : intervalMs(interval)
  if (ms === undefined) throw new QueryInvalid('Error during planning: an interval of months has no fixed length')
  return String(ms)
}

function numberOfText({ sql, literal }: Expression, type: SqlType): string {
  const pattern = type.kind === 'int' ? /^[-+]?\d{1,19}$/ : /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i
  if (typeof literal === 'string') {
    if (!pattern.test(literal)) {
      throw new QueryInvalid(
        `Arrow error: Cast error: Cannot cast string '${literal}' to value of ${typeName(type)} type`,
      )
    }
    return literal
  }
  return type.kind === 'int' ? `x_int_of_text(${sql}, 1)` : `x_float_of_text(${sql}, 1)`
}
