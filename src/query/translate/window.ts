import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import { fieldsOf, listOf, variantOf } from '../parse/tree.ts'
import { float, int64, u64 } from '../sql-type.ts'
import type { CallResult } from './aggregate-functions.ts'
import type { Context } from './context.ts'
import type { Expression } from './expression.ts'
import { translateOrder } from './order.ts'

type WindowFunction = (args: readonly Expression[]) => CallResult

/** Functions that exist only with OVER; aggregates are allowed there too. */
export const windowFunctions: Readonly<Record<string, WindowFunction>> = {
  row_number: () => ({ sql: 'row_number()', type: u64, nullable: false }),
  rank: () => ({ sql: 'rank()', type: u64, nullable: false }),
  dense_rank: () => ({ sql: 'dense_rank()', type: u64, nullable: false }),
  percent_rank: () => ({ sql: 'percent_rank()', type: float, nullable: false }),
  cume_dist: () => ({ sql: 'cume_dist()', type: float, nullable: false }),
  ntile: (args) => ({ sql: `ntile(${required(args, 0).sql})`, type: u64, nullable: false }),
  lag: (args) => shifted('lag', args),
  lead: (args) => shifted('lead', args),
  first_value: (args) => ({ sql: `first_value(${required(args, 0).sql})`, type: required(args, 0).type }),
  last_value: (args) => ({ sql: `last_value(${required(args, 0).sql})`, type: required(args, 0).type }),
  nth_value: (args) => ({
    sql: `nth_value(${required(args, 0).sql}, ${required(args, 1).sql})`,
    type: required(args, 0).type,
  }),
}

/** `call OVER (PARTITION BY … ORDER BY … frame)`. */
export function translateWindow(
  over: unknown,
  call: CallResult,
  shownName: string,
  args: readonly Expression[],
  context: Context,
): Expression {
  const { tag, body } = variantOf(over)
  if (tag !== 'WindowSpec') throw new QueryUnsupported('Named windows are not supported')
  const fields = fieldsOf(body, 'OVER', ['partition_by', 'order_by', 'window_frame'])
  const partition = listOf(fields.partition_by).map((node) => context.translate(node, context))
  const order = listOf(fields.order_by).map((node) => translateOrder(node, context))
  const frame = fields.window_frame === undefined || fields.window_frame === null ? '' : frameSql(fields.window_frame)
  const parts = [
    partition.length === 0 ? '' : `PARTITION BY ${partition.map(({ sql }) => sql).join(', ')}`,
    order.length === 0 ? '' : `ORDER BY ${order.map(({ sql }) => sql).join(', ')}`,
    frame,
  ].filter((part) => part !== '')
  const shown = [
    partition.length === 0 ? '' : ` PARTITION BY [${partition.map(({ name }) => name).join(', ')}]`,
    order.length === 0 ? '' : ` ORDER BY [${order.map(({ name }) => name).join(', ')}]`,
    ` ${frame === '' ? defaultFrame(order.length > 0) : frame}`,
  ]
  return {
    sql: `${call.sql} OVER (${parts.join(' ')})`,
    type: call.type,
    name: `${shownName}(${args.map(({ name }) => name).join(',') || (shownName === 'count' ? '*' : '')})${shown.join('')}`,
    nullable: call.nullable ?? true,
  }
}

function defaultFrame(isOrdered: boolean): string {
  return isOrdered
    ? 'RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
    : 'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING'
}

function frameSql(node: unknown): string {
  const fields = fieldsOf(node, 'a window frame', ['units', 'start_bound', 'end_bound'])
  const units = variantOf(fields.units).tag.toUpperCase()
  if (!['ROWS', 'RANGE', 'GROUPS'].includes(units))
    throw new QueryUnsupported(`Window frames of ${units} are not supported`)
  const start = boundSql(fields.start_bound)
  const end = fields.end_bound === undefined || fields.end_bound === null ? 'CURRENT ROW' : boundSql(fields.end_bound)
  return `${units} BETWEEN ${start} AND ${end}`
}

function boundSql(node: unknown): string {
  const { tag, body } = variantOf(node)
  if (tag === 'CurrentRow') return 'CURRENT ROW'
  if (tag !== 'Preceding' && tag !== 'Following') throw new QueryUnsupported('This window frame is not supported')
  const word = tag.toUpperCase()
  if (body === undefined || body === null) return `UNBOUNDED ${word}`
  const count = /"Number":\["(\d+)"/.exec(JSON.stringify(body))?.[1]
  if (count === undefined) throw new QueryUnsupported('Window frames must be bounded by numbers')
  return `${count} ${word}`
}

function shifted(name: 'lag' | 'lead', args: readonly Expression[]): CallResult {
  const value = required(args, 0)
  if (args.length > 3) throw new QueryInvalid(`Error during planning: '${name}' does not take ${args.length} arguments`)
  return {
    sql: `${name}(${args.map(({ sql }) => sql).join(', ')})`,
    type: value.type.kind === 'null' ? int64 : value.type,
  }
}

function required(args: readonly Expression[], place: number): Expression {
  const argument = args[place]
  if (argument === undefined) throw new QueryInvalid('Error during planning: a window function lacks an argument')
  return argument
}
