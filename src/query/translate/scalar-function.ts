import { QueryInvalid } from '../../errors/query.ts'
import { type SqlType, type SqlTypeKind, typeName } from '../sql-type.ts'
import type { Context } from './context.ts'
import type { Expression } from './expression.ts'

export interface ScalarFunction {
  /** Fewest and most arguments. */
  readonly arity: readonly [least: number, most: number]
  /** The name that result columns show, where the function has several. */
  readonly shownAs?: string
  translate(args: readonly Expression[], context: Context): ScalarResult
}

export interface ScalarResult {
  readonly sql: string
  readonly type: SqlType
  readonly name?: string
  /** By default, when an argument is. */
  readonly nullable?: boolean
}

/** The argument at a place. Arity has been checked, so that it is there. */
export function argument(args: readonly Expression[], place: number): Expression {
  const found = args[place]
  if (found === undefined) throw new Error('invariant: arity has been checked')
  return found
}

/** The SQL of an argument that must have one of these types, or be NULL. */
export function typed(
  name: string,
  args: readonly Expression[],
  place: number,
  ...kinds: readonly SqlTypeKind[]
): string {
  const { sql, type } = argument(args, place)
  if (type.kind === 'null' || kinds.includes(type.kind)) return sql
  throw new QueryInvalid(
    `Error during planning: Function '${name}' requires ${kinds.join(' or ')}, but received ${typeName(type)}`,
  )
}
