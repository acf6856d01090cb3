import { QueryInvalid } from '../../errors/query.ts'
import { float, int32, int64, plainTimestamp, type SqlType } from '../sql-type.ts'
import { coerce, intervalAsMs } from './coerce.ts'
import type { Expression } from './expression.ts'
import { argument, type ScalarFunction, type ScalarResult, typed } from './scalar-function.ts'

const now: ScalarFunction = {
  arity: [0, 0],
  translate: (_args, { nowMs }) => ({ sql: String(nowMs), type: plainTimestamp, nullable: false }),
}

/** A time from a time, a text, or a number of this many milliseconds. */
function toTimestamp(unitMs: number, type: SqlType): ScalarFunction {
  return {
    arity: [1, 1],
    translate(args) {
      const value = argument(args, 0)
      switch (value.type.kind) {
        case 'int':
          return { sql: `(${value.sql} * ${unitMs})`, type }
        case 'float':
          return { sql: `CAST(${value.sql} * ${unitMs} AS INTEGER)`, type }
        default:
          return { sql: timeOf(value, 'to_timestamp'), type }
      }
    },
  }
}

function dateBin(args: readonly Expression[]): ScalarResult {
  const width = intervalAsMs(argument(args, 0))
  if (Number(width) <= 0) throw new QueryInvalid('Error during planning: DATE_BIN stride must be greater than 0')
  const source = argument(args, 1)
  const time = timeOf(source, 'date_bin')
  const origin = args.length === 3 ? timeOf(argument(args, 2), 'date_bin') : '0'
  const type: SqlType = source.type.kind === 'timestamp' ? { ...source.type, unit: 'ns' } : plainTimestamp
  return { sql: `(${time} - ((${time} - ${origin}) % ${width} + ${width}) % ${width})`, type }
}

const dateTrunc: ScalarFunction = {
  arity: [2, 2],
  translate(args) {
    const source = argument(args, 1)
    const type = source.type.kind === 'timestamp' ? source.type : plainTimestamp
    return { sql: `x_date_trunc(${typed('date_trunc', args, 0, 'text')}, ${timeOf(source, 'date_trunc')})`, type }
  },
}

const datePart: ScalarFunction = {
  arity: [2, 2],
  translate(args) {
    const part = argument(args, 0).literal
    return {
      sql: `x_date_part(${typed('date_part', args, 0, 'text')}, ${timeOf(argument(args, 1), 'date_part')})`,
      type: part === 'epoch' ? float : int32,
    }
  },
}

export const timeFunctions: Readonly<Record<string, ScalarFunction>> = {
  now,
  current_timestamp: now,
  to_timestamp: toTimestamp(1000, plainTimestamp),
  to_timestamp_seconds: toTimestamp(1000, plainTimestamp),
  to_timestamp_millis: toTimestamp(1, { kind: 'timestamp', unit: 'ms', utc: false }),
  to_unixtime: {
    arity: [1, 1],
    translate(args) {
      const value = argument(args, 0)
      if (value.type.kind === 'int') return { sql: value.sql, type: int64 }
      const time = timeOf(value, 'to_unixtime')
      return { sql: `((${time} - (${time} % 1000 + 1000) % 1000) / 1000)`, type: int64 }
    },
  },
  date_bin: { arity: [2, 3], translate: dateBin },
  date_trunc: dateTrunc,
  datetrunc: { ...dateTrunc, shownAs: 'date_trunc' },
  date_part: datePart,
  datepart: { ...datePart, shownAs: 'date_part' },
}

function timeOf(value: Expression, name: string): string {
  typed(name, [value], 0, 'timestamp', 'text')
  return coerce(value, plainTimestamp)
}
