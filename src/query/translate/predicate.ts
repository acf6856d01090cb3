import { QueryRefused } from '../../errors/query.ts'
import { bool, typeName } from '../sql-type.ts'
import type { Expression } from './expression.ts'

/** What stands where something is true or not. */
export function predicate(expression: Expression): Expression {
  const { kind } = expression.type
  if (kind === 'bool') return expression
  if (kind === 'null') return { ...expression, type: bool }
  throw new QueryRefused(
    `Error during planning: Cannot create filter with non-boolean predicate '${expression.name}' returning ${typeName(expression.type)}`,
  )
}
