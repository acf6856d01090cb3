import { QueryInvalid } from '../../errors/query.ts'
import { date, duration, float, int64, largeText, type SqlType, text, typeName } from '../sql-type.ts'
import { commonType, DAY_MS, dayOf, intervalAsMs, textOf } from './coerce.ts'
import type { Expression } from './expression.ts'

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

export function calculate(operator: ArithmeticOperator, left: Expression, right: Expression): Expression {
  const result = timeArithmetic(operator, left, right) ?? numberArithmetic(operator, left, right)
  if (result === undefined) {
    throw new QueryInvalid(
      `Error during planning: Cannot coerce arithmetic expression ${typeName(left.type)} ${operator} ${typeName(right.type)} to valid types`,
    )
  }
  const name = `${left.name} ${operator} ${right.name}`
  return { ...result, name, nullable: left.nullable || right.nullable }
}

interface Result {
  readonly sql: string
  readonly type: SqlType
}

function numberArithmetic(operator: ArithmeticOperator, left: Expression, right: Expression): Result | undefined {
  const type = commonType([left.type, right.type])
  if (type?.kind === 'null') return { sql: 'NULL', type: int64 }
  if (type?.kind === 'float') {
    const sql =
      operator === '%' ? `mod(${left.sql}, ${right.sql})` : `(CAST(${left.sql} AS REAL) ${operator} ${right.sql})`
    return { sql, type: float }
  }
  if (type?.kind !== 'int') return undefined
  // Numbers of the catalogue are small; what is made of them with a literal may be negative.
  const resultType = type.arrow === 'Int32' || type.arrow === 'UInt32' ? int64 : type
  if (operator !== '/' && operator !== '%') return { sql: `(${left.sql} ${operator} ${right.sql})`, type: resultType }
  const divides = typeof right.literal === 'number' && right.literal !== 0
  const divisor = divides ? right.sql : `x_divisor(${right.sql})`
  return { sql: `(${left.sql} ${operator} ${divisor})`, type: resultType }
}

function timeArithmetic(operator: ArithmeticOperator, left: Expression, right: Expression): Result | undefined {
  if (operator !== '+' && operator !== '-') return undefined
  const { type: a } = left
  const { type: b } = right
  if (a.kind === 'date') return dateArithmetic(operator, left, right)
  if (a.kind === 'timestamp') {
    if (operator === '-' && (b.kind === 'timestamp' || b.kind === 'date')) {
      const isPrecise = a.unit === 'ns' && (b.kind === 'date' || b.unit === 'ns')
      const type: SqlType = isPrecise ? { kind: 'duration', unit: 'ns' } : duration
      return { sql: `(${left.sql} - ${right.sql})`, type }
    }
    const sql = shifted(left.sql, operator, right)
    return sql === undefined ? undefined : { sql, type: a }
  }
  if (b.kind === 'timestamp' && operator === '+') {
    const sql = shifted(right.sql, operator, left)
    return sql === undefined ? undefined : { sql, type: b }
  }
  if (a.kind === 'duration' && (b.kind === 'duration' || b.kind === 'interval')) {
    const span = b.kind === 'duration' ? right.sql : intervalAsMs(right)
    return { sql: `(${left.sql} ${operator} ${span})`, type: a }
  }
  return undefined
}

/** Days are counted in whole ones. */
function dateArithmetic(operator: '+' | '-', left: Expression, right: Expression): Result | undefined {
  const { kind } = right.type
  if (kind === 'int') return { sql: `(${left.sql} ${operator} ${right.sql} * ${DAY_MS})`, type: date }
  if (kind === 'date') {
    return operator === '-' ? { sql: `((${left.sql} - ${right.sql}) / ${DAY_MS})`, type: int64 } : undefined
  }
  if (kind === 'timestamp') {
    return operator === '-' ? { sql: `(${left.sql} - ${right.sql})`, type: duration } : undefined
  }
  const sql = shifted(left.sql, operator, right)
  return sql === undefined ? undefined : { sql: dayOf(sql), type: date }
}

function shifted(sql: string, operator: '+' | '-', span: Expression): string | undefined {
  if (span.type.kind === 'duration') return `(${sql} ${operator} ${span.sql})`
  if (span.interval === undefined) return undefined
  const { months } = span.interval
  if (months === 0) return `(${sql} ${operator} ${intervalAsMs(span)})`
  const rest = intervalAsMs({ ...span, interval: { ...span.interval, months: 0 } })
  return `(x_add_months(${sql}, ${operator === '-' ? -months : months}) ${operator} ${rest})`
}

/** `||`. NULL with anything is NULL. */
export function concatenate(left: Expression, right: Expression): Expression {
  const isLarge = [left, right].some(({ type }) => type.kind === 'text' && type.large)
  return {
    sql: `(${textOf(left)} || ${textOf(right)})`,
    type: isLarge ? largeText : text,
    name: `${left.name} || ${right.name}`,
    nullable: left.nullable || right.nullable,
  }
}
