import { QueryInvalid } from '../../errors/query.ts'
import { date, float, int32, int64, plainTimestamp, type SqlType, text } from '../sql-type.ts'
import { castTo } from './cast.ts'
import { coerce, dayOf, intervalAsMs } from './coerce.ts'
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
    const value = argument(args, 1)
    const name = typed('date_part', args, 0, 'text')
    const type = typeof part === 'string' && part.toLowerCase() === 'epoch' ? float : int32
    return value.type.kind === 'duration'
      ? { sql: `x_span_part(${name}, ${value.sql})`, type }
      : { sql: `x_date_part(${name}, ${timeOf(value, 'date_part')})`, type }
  },
}

const today: ScalarFunction = {
  arity: [0, 0],
  shownAs: 'current_date',
  translate: (_args, { nowMs }) => ({ sql: dayOf(String(nowMs)), type: date, nullable: false }),
}

/** A time as a format of `strftime` says; durations have a form of their own. */
const toChar: ScalarFunction = {
  arity: [2, 2],
  shownAs: 'to_char',
  translate(args) {
    const { sql, type } = argument(args, 0)
    const format = typed('to_char', args, 1, 'text')
    if (type.kind === 'duration') return { sql: `iif(${format} IS NULL, NULL, x_span_text(${sql}))`, type: text }
    typed('to_char', args, 0, 'timestamp', 'date')
    return { sql: `x_to_char(${sql}, ${type.kind === 'timestamp' && type.utc ? 1 : 0}, ${format})`, type: text }
  },
}

/** A time from a number of units of which a millisecond has this many. */
function fromUnits(unitsInMs: number, name: string): ScalarFunction {
  return {
    arity: [1, 1],
    translate: (args) => ({ sql: `(${typed(name, args, 0, 'int')} / ${unitsInMs})`, type: plainTimestamp }),
  }
}

export const timeFunctions: Readonly<Record<string, ScalarFunction>> = {
  now,
  current_timestamp: now,
  current_date: today,
  today,
  to_date: { arity: [1, 1], translate: (args) => castTo(argument(args, 0), date, false) },
  make_date: {
    arity: [3, 3],
    translate: (args) => ({
      sql: `x_make_date(${[0, 1, 2].map((place) => typed('make_date', args, place, 'int')).join(', ')})`,
      type: date,
    }),
  },
  to_char: toChar,
  date_format: toChar,
  from_unixtime: toTimestamp(1000, plainTimestamp),
  to_timestamp_micros: fromUnits(1000, 'to_timestamp_micros'),
  to_timestamp_nanos: fromUnits(1_000_000, 'to_timestamp_nanos'),
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
  typed(name, [value], 0, 'timestamp', 'date', 'text')
  return coerce(value, plainTimestamp)
}
