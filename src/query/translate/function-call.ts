import { QueryInvalid, QueryRefused, QueryUnsupported } from '../../errors/query.ts'
import { fieldsOf, listOf, objectNameOf, variantOf } from '../parse/tree.ts'
import { type AggregateCall, aggregates as basicAggregates } from './aggregate-functions.ts'
import type { Context } from './context.ts'
import type { Expression } from './expression.ts'
import { orderOptions, translateOrder } from './order.ts'
import { predicate } from './predicate.ts'
import { scalarFunctions } from './scalar-functions.ts'
import { statisticsAggregates } from './statistics-aggregates.ts'
import { translateWindow, windowFunctions } from './window.ts'

const aggregates = { ...basicAggregates, ...statisticsAggregates }

/** A function by its name: an aggregate, a window function, or one of single values. Others do not exist. */
export function translateFunction(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'a function', ['name', 'args', 'filter', 'over', 'null_treatment', 'within_group'])
  const path = objectNameOf(fields.name)
  const [name = ''] = path
  if (path.length !== 1) throw unknownFunction(path.join('.'))
  const isWindow = fields.over !== undefined && fields.over !== null
  const hasFilter = fields.filter !== undefined && fields.filter !== null
  if (fields.null_treatment === 'IgnoreNulls') throw new QueryUnsupported('IGNORE NULLS is not supported')
  if (isWindow || Object.hasOwn(aggregates, name)) {
    if (isWindow && Object.hasOwn(windowFunctions, name)) {
      const { args } = callArguments(fields.args, context, name)
      return translateWindow(fields.over, windowFunctions[name]?.(args) ?? failed(name), name, args, context)
    }
    const aggregate = Object.hasOwn(aggregates, name) ? aggregates[name] : undefined
    if (aggregate === undefined) throw unknownFunction(name)
    const call = aggregateCall(fields, hasFilter ? fields.filter : undefined, context, name, isWindow)
    const result = aggregate(call)
    if (isWindow && result.isOfGroup === true) throw new QueryUnsupported(`${name} OVER is not supported`)
    if (isWindow) return translateWindow(fields.over, result, call.shownName, call.args, context)
    return { ...result, name: aggregateName(call), nullable: result.nullable ?? true }
  }
  if (name === 'unnest' && context.unnest !== undefined)
    return context.unnest(callArguments(fields.args, context, name).args)
  if (hasFilter) throw new QueryInvalid(`Error during planning: ${name} is not an aggregate function`)
  const { args } = callArguments(fields.args, context, name)
  return callFunction(name, args, context)
}

/** A function of single values. */
export function callFunction(name: string, args: readonly Expression[], context: Context): Expression {
  const definition = Object.hasOwn(scalarFunctions, name) ? scalarFunctions[name] : undefined
  if (definition === undefined) throw unknownFunction(name)
  const [least, most] = definition.arity
  if (args.length < least || args.length > most) {
    throw new QueryInvalid(`Error during planning: '${name}' does not take ${args.length} arguments`)
  }
  const result = definition.translate(args, context)
  return {
    ...result,
    name: result.name ?? `${definition.shownAs ?? name}(${args.map((arg) => arg.name).join(',')})`,
    nullable: result.nullable ?? args.some(({ nullable }) => nullable),
  }
}

function aggregateCall(
  { args: argsNode, within_group: withinNode }: Readonly<Record<string, unknown>>,
  filterNode: unknown,
  context: Context,
  name: string,
  isWindow: boolean,
): AggregateCall {
  const { grouping } = context
  if (grouping === undefined) {
    throw new QueryRefused(
      'Error during planning: Aggregate functions are not allowed here. Consider using HAVING instead',
    )
  }
  if (!isWindow) grouping.hasAggregate = true
  const looseBefore = grouping.loose.length
  // An aggregate in an aggregate is none; in a window function it is what the window runs over.
  const inside: Context = isWindow ? context : { ...context, grouping: undefined }
  const { args, isDistinct, orderNodes, isWildcard } = callArguments(argsNode, inside, name)
  const filter = filterNode === undefined ? undefined : predicate(inside.translate(filterNode, inside))
  const order = orderNodes.map((each) => translateOrder(each, inside))
  const within = withinGroup(withinNode, inside)
  if (!isWindow) grouping.loose.length = looseBefore
  return {
    args,
    isWildcard,
    isDistinct,
    ...(within !== undefined && { within }),
    orderSql: order.length === 0 ? '' : ` ORDER BY ${order.map(({ sql }) => sql).join(', ')}`,
    filterSql: filter === undefined ? '' : ` FILTER (WHERE ${filter.sql})`,
    shownName: name,
    shownOrder: order.map((each) => each.name).join(', '),
    shownFilter: filter?.name,
  }
}

function withinGroup(node: unknown, context: Context): AggregateCall['within'] {
  const [item, ...more] = listOf(node)
  if (item === undefined) return undefined
  if (more.length > 0) throw new QueryUnsupported('WITHIN GROUP with more than one expression is not supported')
  const { options } = fieldsOf(item, 'ORDER BY', ['expr', 'options'])
  const { expression, name } = translateOrder(item, context)
  return { expression, name, isDescending: orderOptions(options).isDescending }
}

/** As the peer names it: `count(DISTINCT t.id) FILTER (WHERE …) ORDER BY […]`. */
function aggregateName({
  args,
  isDistinct,
  isWildcard,
  within,
  shownName,
  shownOrder,
  shownFilter,
}: AggregateCall): string {
  const shown = isWildcard ? '*' : args.map(({ name }) => name).join(',')
  const filter = shownFilter === undefined ? '' : ` FILTER (WHERE ${shownFilter})`
  const order = shownOrder === '' ? '' : ` ORDER BY [${shownOrder}]`
  const group = within === undefined ? '' : ` WITHIN GROUP [${within.name}]`
  return `${shownName}(${isDistinct ? 'DISTINCT ' : ''}${shown})${filter}${group}${order}`
}

interface Arguments {
  readonly args: readonly Expression[]
  readonly isDistinct: boolean
  readonly isWildcard: boolean
  readonly orderNodes: readonly unknown[]
}

const noArguments: Arguments = { args: [], isDistinct: false, isWildcard: false, orderNodes: [] }

function callArguments(node: unknown, context: Context, name: string): Arguments {
  const { tag, body } = variantOf(node)
  if (tag === 'None') return noArguments
  if (tag !== 'List') throw new QueryUnsupported(`${name}: arguments of this form are not supported`)
  const fields = fieldsOf(body, name, ['args', 'clauses', 'duplicate_treatment'])
  let isWildcard = false
  const args: Expression[] = []
  for (const item of listOf(fields.args)) {
    const unnamed = variantOf(item)
    const { tag: kind, body: value } =
      unnamed.tag === 'Unnamed' ? variantOf(unnamed.body) : { tag: '', body: undefined }
    if (kind === 'Expr') args.push(context.translate(value, context))
    else if (kind === 'Wildcard') isWildcard = true
    else throw new QueryUnsupported(`${name}: arguments of this form are not supported`)
  }
  if (isWildcard && (name !== 'count' || args.length > 0))
    throw new QueryInvalid(`Error during planning: ${name}(*) does not exist`)
  const orderNodes = listOf(fields.clauses).flatMap((clause) => {
    const { tag: kind, body: list } = variantOf(clause)
    if (kind !== 'OrderBy') throw new QueryUnsupported(`${name}: the clause ${kind} is not supported`)
    return listOf(list)
  })
  return { args, isDistinct: fields.duplicate_treatment === 'Distinct', isWildcard, orderNodes }
}

function unknownFunction(name: string): Error {
  return new QueryInvalid(`Error during planning: Invalid function '${name}'`)
}

function failed(name: string): never {
  throw unknownFunction(name)
}
