import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import { bool, float, int64, type ListItem, largeText, type SqlType, text, typeName, u64 } from '../sql-type.ts'
import { textOf } from './coerce.ts'
import type { Expression } from './expression.ts'

/** An aggregate function with everything that stands around its arguments. */
export interface AggregateCall {
  readonly args: readonly Expression[]
  /** `count(*)` */
  readonly isWildcard: boolean
  readonly isDistinct: boolean
  /** ` ORDER BY …` inside of the brackets, or nothing. */
  readonly orderSql: string
  /** ` FILTER (…)` behind them, or nothing. */
  readonly filterSql: string
  /** `WITHIN GROUP (ORDER BY …)` */
  readonly within?: { readonly expression: Expression; readonly isDescending: boolean; readonly name: string }
  readonly shownName: string
  readonly shownOrder: string
  readonly shownFilter: string | undefined
}

export interface CallResult {
  readonly sql: string
  readonly type: SqlType
  readonly nullable?: boolean
  /** It cannot run over a window. */
  readonly isOfGroup?: true
}

export type Aggregate = (call: AggregateCall) => CallResult

export const aggregates: Readonly<Record<string, Aggregate>> = {
  count(call) {
    if (call.isWildcard) return { sql: `count(*)${call.filterSql}`, type: int64, nullable: false }
    return { sql: sqlOf('count', call, [single(call).sql]), type: int64, nullable: false }
  },
  sum(call) {
    const { sql, type } = single(call)
    return { sql: sqlOf('sum', call, [sql]), type: sumType(type) }
  },
  avg(call) {
    const { sql, type } = single(call)
    if (type.kind === 'duration') return { sql: `CAST(${sqlOf('avg', call, [sql])} AS INTEGER)`, type }
    sumType(type)
    return { sql: sqlOf('avg', call, [sql]), type: float }
  },
  min: (call) => extreme('min', call),
  max: (call) => extreme('max', call),
  first_value: (call) => ({ sql: sqlOf('x_first', call, [single(call).sql]), type: single(call).type }),
  last_value: (call) => ({ sql: sqlOf('x_last', call, [single(call).sql]), type: single(call).type }),
  array_agg(call) {
    const argument = single(call)
    return { sql: `nullif(${sqlOf('json_group_array', call, [argument.sql])}, '[]')`, type: listOf(argument.type) }
  },
  string_agg(call) {
    const [value, separator] = call.args
    if (value === undefined || separator === undefined || call.args.length > 2) throw wrongArguments(call)
    if (call.isDistinct) throw new QueryUnsupported('string_agg(DISTINCT …) is not supported')
    const type = value.type.kind === 'text' && value.type.large ? largeText : text
    return { sql: sqlOf('group_concat', call, [textOf(value), textOf(separator)]), type }
  },
  bool_and: (call) => ({ sql: sqlOf('min', call, [boolean(call)]), type: bool }),
  bool_or: (call) => ({ sql: sqlOf('max', call, [boolean(call)]), type: bool }),
  approx_distinct: (call) => ({
    sql: sqlOf('count', { ...call, isDistinct: true }, [single(call).sql]),
    type: u64,
  }),
}

export function sqlOf(
  name: string,
  { isDistinct, orderSql, filterSql }: AggregateCall,
  args: readonly string[],
): string {
  return `${name}(${isDistinct ? 'DISTINCT ' : ''}${args.join(', ')}${orderSql})${filterSql}`
}

function extreme(name: 'min' | 'max', call: AggregateCall): CallResult {
  const { sql, type } = single(call)
  if (type.kind === 'list' || type.kind === 'json' || type.kind === 'interval') throw wrongArguments(call)
  return { sql: sqlOf(name, call, [sql]), type }
}

function sumType(type: SqlType): SqlType {
  switch (type.kind) {
    case 'int':
      return type.arrow.startsWith('U') ? u64 : int64
    case 'null':
      return int64
    case 'float':
    case 'duration':
      return type
    default:
      throw new QueryInvalid(`Error during planning: Function 'sum' requires a number, but received ${typeName(type)}`)
  }
}

export function listOf(type: SqlType): SqlType {
  const items: Readonly<Partial<Record<SqlType['kind'], ListItem>>> = {
    text: 'text',
    int: 'int',
    float: 'float',
    bool: 'bool',
    null: 'text',
  }
  const of = items[type.kind]
  if (of === undefined) throw new QueryUnsupported(`array_agg of ${typeName(type)} is not supported; cast it to text`)
  return { kind: 'list', of }
}

function boolean(call: AggregateCall): string {
  const { sql, type } = single(call)
  if (type.kind !== 'bool' && type.kind !== 'null') throw wrongArguments(call)
  return sql
}

/** The SQL of an argument that is a number, of this many arguments. */
export function numberOf(call: AggregateCall, place: number, count: number): string {
  const value = call.args[place]
  if (value === undefined || call.args.length !== count) throw wrongArguments(call)
  if (value.type.kind !== 'int' && value.type.kind !== 'float') throw wrongArguments(call)
  return value.sql
}

function single(call: AggregateCall): Expression {
  const [argument] = call.args
  if (argument === undefined || call.args.length > 1) throw wrongArguments(call)
  return argument
}

export function wrongArguments({ shownName, args }: AggregateCall): Error {
  const types = args.map(({ type }) => typeName(type)).join(', ')
  return new QueryInvalid(
    `Error during planning: No function matches the given name and argument types '${shownName}(${types})'`,
  )
}
