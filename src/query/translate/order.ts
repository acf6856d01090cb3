import { fieldsOf } from '../parse/tree.ts'
import type { Context } from './context.ts'
import type { Expression } from './expression.ts'

export interface Order {
  readonly expression: Expression
  /** The direction, and where NULLs go when SQLite would put them elsewhere. */
  readonly direction: string
  readonly sql: string
  readonly name: string
}

/** One item of ORDER BY. NULLs are larger than everything else, unless the query says where they go. */
export function translateOrder(node: unknown, context: Context): Order {
  const fields = fieldsOf(node, 'ORDER BY', ['expr', 'options'])
  return orderBy(context.translate(fields.expr, context), orderOptions(fields.options))
}

/**
 * For GROUP BY and ORDER BY, where SQLite takes a whole number for the place of a column, also one that it has made itself of
 * a constant such as `(1 IS NULL)`. Constants order and group nothing; what is none has a name in it, of a column or a function.
 */
export function sortKey({ literal, sql }: Expression): string {
  const isConstant = literal !== undefined || !/["a-z]/.test(sql.replaceAll(/'(?:[^']|'')*'/g, ''))
  return isConstant ? 'NULL' : sql
}

export interface OrderOptions {
  readonly isDescending: boolean
  readonly nullsFirst: boolean
}

export function orderOptions(node: unknown): OrderOptions {
  const { asc, nulls_first: nulls } = fieldsOf(node, 'ORDER BY', ['asc', 'nulls_first'])
  const isDescending = asc === false
  return { isDescending, nullsFirst: typeof nulls === 'boolean' ? nulls : isDescending }
}

export function orderBy(expression: Expression, { isDescending, nullsFirst }: OrderOptions): Order {
  const word = isDescending ? 'DESC' : 'ASC'
  // SQLite's own places are the other way round; without a clause an index can give the order.
  const canBeNull = expression.nullable && expression.field?.isNeverNull !== true
  const nulls = canBeNull && nullsFirst === isDescending ? ` NULLS ${nullsFirst ? 'FIRST' : 'LAST'}` : ''
  const direction = `${word}${nulls}`
  return {
    expression,
    direction,
    sql: `${sortKey(expression)} ${direction}`,
    name: `${expression.name} ${word} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`,
  }
}
