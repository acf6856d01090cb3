import { QueryInvalid } from '../../errors/query.ts'
import { bool, type SqlType, typeName } from '../sql-type.ts'
import { coerce, commonType, intervalAsMs } from './coerce.ts'
import type { Expression } from './expression.ts'
import { hintsOfEquals, hintsOfUnequal } from './hints.ts'
import { storedCondition } from './stored-condition.ts'

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM'

const SHOWN: Readonly<Record<ComparisonOperator, string>> = {
  '=': '=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  'IS DISTINCT FROM': 'IS DISTINCT FROM',
  'IS NOT DISTINCT FROM': 'IS NOT DISTINCT FROM',
}

export function compare(operator: ComparisonOperator, left: Expression, right: Expression): Expression {
  const stored = storedCondition(operator, left, right)
  const [l, r] = operands(left, right, SHOWN[operator])
  return {
    sql: stored ?? `(${l} ${operator} ${r})`,
    type: bool,
    name: `${left.name} ${SHOWN[operator]} ${right.name}`,
    nullable: left.nullable || right.nullable,
    ...(operator === '=' && hintsOfEquals(left, [right])),
    ...(operator === '<>' && hintsOfUnequal(left, [right])),
  }
}

export function inList(left: Expression, list: readonly Expression[], isNegated: boolean): Expression {
  const stored = list.map((item) => storedCondition(isNegated ? '<>' : '=', left, item))
  const known = stored.filter((sql) => sql !== undefined)
  const isStored = list.length > 0 && known.length === list.length
  return {
    sql: isStored ? `(${known.join(isNegated ? ' AND ' : ' OR ')})` : plainList(left, list, isNegated),
    type: bool,
    name: `${left.name} ${isNegated ? 'NOT IN' : 'IN'} ${list.map(({ name }) => name).join(', ')}`,
    nullable: left.nullable || list.some(({ nullable }) => nullable),
    ...(isNegated ? hintsOfUnequal(left, list) : hintsOfEquals(left, list)),
  }
}

function plainList(left: Expression, list: readonly Expression[], isNegated: boolean): string {
  const types = list.map(({ type }) => type)
  const type = comparisonType(left, { ...left, type: commonType(types) ?? types[0] ?? left.type }, 'IN')
  const items = list.map((item) => coerceOperand(item, type))
  return `(${coerceOperand(left, type)} ${isNegated ? 'NOT IN' : 'IN'} (${items.join(', ')}))`
}

export function between(value: Expression, low: Expression, high: Expression, isNegated: boolean): Expression {
  const [l1, l2] = operands(value, low, '>=')
  const [h1, h2] = operands(value, high, '<=')
  const sql = l1 === h1 ? `${l1} BETWEEN ${l2} AND ${h2}` : `${l1} >= ${l2} AND ${h1} <= ${h2}`
  return {
    sql: isNegated ? `(NOT (${sql}))` : `(${sql})`,
    type: bool,
    name: `${value.name} ${isNegated ? 'NOT ' : ''}BETWEEN ${low.name} AND ${high.name}`,
    nullable: value.nullable || low.nullable || high.nullable,
  }
}

/** Both sides as values that SQLite compares as the peer does. */
export function operands(left: Expression, right: Expression, operator: string): [string, string] {
  const type = comparisonType(left, right, operator)
  return [coerceOperand(left, type), coerceOperand(right, type)]
}

function comparisonType(left: Expression, right: Expression, operator: string): SqlType {
  const { type: a } = left
  const { type: b } = right
  // A text in the query takes the type of what it is compared with; a text in a column does not.
  if (isNumber(a) && b.kind === 'text' && typeof right.literal === 'string') return a
  if (isNumber(b) && a.kind === 'text' && typeof left.literal === 'string') return b
  const isBoolWithOther = (a.kind === 'bool') !== (b.kind === 'bool') && a.kind !== 'null' && b.kind !== 'null'
  const type = isBoolWithOther ? undefined : commonType([a, b])
  if (type !== undefined && type.kind !== 'list') return type
  throw new QueryInvalid(
    `Error during planning: Cannot infer common argument type for comparison operation ${typeName(a)} ${operator} ${typeName(b)}`,
  )
}

function coerceOperand(operand: Expression, type: SqlType): string {
  return operand.type.kind === 'interval' && operand.interval !== undefined
    ? intervalAsMs(operand)
    : coerce(operand, type)
}

function isNumber({ kind }: SqlType): boolean {
  return kind === 'int' || kind === 'float' || kind === 'wide'
}
