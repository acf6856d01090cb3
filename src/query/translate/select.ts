import { QueryInvalid, QueryRefused, QueryUnsupported } from '../../errors/query.ts'
import { OPEN_SUFFIX } from '../catalogue/table.ts'
import { fieldsOf, identifierOf, listOf, objectNameOf, variantOf } from '../parse/tree.ts'
import type { Context, Grouping } from './context.ts'
import { type Expression, type Field, fieldName, type Hints, quotedName, type TranslatedQuery } from './expression.ts'
import { translateFrom } from './from.ts'
import { type Order, orderBy, orderOptions, sortKey } from './order.ts'
import { predicate } from './predicate.ts'
import { fieldExpression, Scope } from './scope.ts'
import { UnnestedLists } from './unnested-lists.ts'

/** A result column: its value, and the name that it has outside. */
interface Output {
  readonly expression: Expression
  readonly qualifier: string | undefined
  readonly name: string
}

/** One SELECT, with the ORDER BY that stands behind it, since that may name columns which are not in the result. */
export function translateSelect(node: unknown, orderNodes: readonly unknown[], outer: Context): TranslatedQuery {
  const select = fieldsOf(node, 'SELECT', ['distinct', 'projection', 'from', 'selection', 'group_by', 'having'])
  const { aliases: _aliases, aliasesFirst: _first, unnest: _unnest, ...clean } = outer
  const base: Context = { ...clean, grouping: undefined, scope: new Scope([], outer.scope) }
  const source = translateFrom(listOf(select.from), base)
  const scope = new Scope(source?.fields ?? [], outer.scope)
  const inFrom: Context = { ...base, scope }
  const where = isAbsent(select.selection) ? undefined : predicate(inFrom.translate(select.selection, inFrom))
  if (where?.hints?.hasBadId === true) throw new QueryInvalid('External error: non valid invocation id')

  const lists = new UnnestedLists(base)
  const inRows: Context = { ...inFrom, unnest: (args) => lists.unnest(args) }
  const projection = listOf(select.projection)
  const keyNodes = groupNodes(select.group_by)
  const grouping: Grouping = { keys: new Set(), loose: [], hasAggregate: false }
  const keys =
    keyNodes === 'all' ? allKeys(projection, inRows) : keyNodes.map((key) => groupKey(key, projection, inRows))
  for (const { sql } of keys) grouping.keys.add(sql)
  const inResult: Context = { ...inRows, grouping }
  const outputs = projection.flatMap((item) => translateItem(item, inResult))
  if (outputs.length === 0) {
    throw new QueryUnsupported('This feature is not implemented: SELECT without columns; name at least one')
  }
  checkOutputs(outputs)
  const aliases = new Map(outputs.map(({ name, expression }) => [name, expression]))
  const having = isAbsent(select.having)
    ? undefined
    : predicate(inResult.translate(select.having, { ...inResult, aliases }))
  const distinctOn = distinctKeys(select.distinct, inResult)
  const isDistinct = distinctOn === 'whole rows'
  const order = orderNodes.map((each) =>
    translateOutputOrder(each, outputs, { ...inResult, aliases, aliasesFirst: true }),
  )
  checkGroups(grouping, keys.length > 0 || having !== undefined)
  if (isDistinct) checkDistinctOrder(order, outputs)

  const columns = outputs.map(({ expression }, place) => `${expression.sql} AS c${place}`)
  const groups = keys.map(sortKey)
  const from = [
    lists.joinedTo(source === undefined ? undefined : narrowed(source.sql, where?.hints)),
    where === undefined ? '' : `WHERE ${where.sql}`,
  ].join(' ')
  const fields = outputs.map(outputField)
  if (having !== undefined && keys.length === 0) return { sql: oneGroup(columns, having.sql, from), fields }
  if (Array.isArray(distinctOn)) {
    if (keys.length > 0 || grouping.hasAggregate)
      throw new QueryUnsupported('DISTINCT ON together with groups is not supported')
    return { sql: firstRows(columns, distinctOn.map(sortKey), order, from), fields }
  }
  const clauses = [
    `SELECT ${isDistinct ? 'DISTINCT ' : ''}${columns.join(', ')}`,
    from,
    groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')}`,
    having === undefined ? '' : `HAVING ${having.sql}`,
    order.length === 0 ? '' : `ORDER BY ${order.map((each) => orderSql(each, outputs)).join(', ')}`,
  ]
  return { sql: clauses.filter((clause) => clause !== '').join(' '), fields }
}

/** DISTINCT ON: of the rows that have the same keys, the first one in the order. */
function firstRows(columns: readonly string[], keys: readonly string[], order: readonly Order[], from: string): string {
  const ordered = order.length === 0 ? '' : ` ORDER BY ${order.map(({ sql }) => sql).join(', ')}`
  const places = columns.map((_column, place) => `c${place}`).join(', ')
  const sorts = order.map(({ expression }, place) => `${sortKey(expression)} AS o${place}`)
  const number = `row_number() OVER (PARTITION BY ${keys.join(', ')}${ordered}) AS n`
  const sorted = order.map(({ direction }, place) => `o${place} ${direction}`)
  return [
    `SELECT ${places} FROM (SELECT ${[...columns, ...sorts, number].join(', ')} ${from}) WHERE n = 1`,
    sorted.length === 0 ? '' : ` ORDER BY ${sorted.join(', ')}`,
  ].join('')
}

/** HAVING without GROUP BY: everything is one group, which SQLite sees only where there is an aggregate among the columns. */
function oneGroup(columns: readonly string[], condition: string, rest: string): string {
  const places = columns.map((_column, place) => `c${place}`)
  return `SELECT ${places.join(', ')} FROM (SELECT ${[...columns, 'count(*)', `${condition} AS kept`].join(', ')} ${rest}) WHERE kept`
}

/** Where only unfinished invocations are wanted, and not by their ids, their own view serves: few are unfinished, of however many. */
function narrowed(sql: string, { open = [], byId = [] }: Hints = {}): string {
  let result = sql
  for (const alias of open) {
    if (byId.includes(alias)) continue
    result = result.replace(
      new RegExp(`"(sys_invocation(?:_status)?)" AS ${alias}\\b`),
      `"$1${OPEN_SUFFIX}" AS ${alias}`,
    )
  }
  return result
}

function outputField({ expression, qualifier, name }: Output, place: number): Field {
  const { type, nullable, field } = expression
  const isNeverNull = field?.isNeverNull === true && field.sql === expression.sql
  return { qualifier, name, type, sql: `c${place}`, nullable, ...(isNeverNull && { isNeverNull }) }
}

function translateItem(item: unknown, context: Context): Output[] {
  const { tag, body } = variantOf(item)
  switch (tag) {
    case 'UnnamedExpr': {
      const expression = context.translate(body, context)
      const { field } = expression
      return [{ expression, qualifier: field?.qualifier, name: field?.name ?? expression.name }]
    }
    case 'ExprWithAlias': {
      const fields = fieldsOf(body, 'SELECT', ['expr', 'alias'])
      return [
        { expression: context.translate(fields.expr, context), qualifier: undefined, name: identifierOf(fields.alias) },
      ]
    }
    case 'Wildcard':
      fieldsOf(body, '*', [])
      return wildcard(
        context.scope.fields.filter((field) => field.isMerged === undefined),
        context,
      )
    case 'QualifiedWildcard': {
      const [name, options] = listOf(body)
      fieldsOf(options, '*', [])
      const kind = variantOf(name)
      const qualifier = kind.tag === 'ObjectName' ? objectNameOf(kind.body).at(-1) : undefined
      const fields = context.scope.fields.filter((field) => field.qualifier === qualifier)
      if (fields.length === 0)
        throw new QueryInvalid(`Error during planning: Invalid qualifier ${quotedName(qualifier ?? '')}`)
      return wildcard(fields, context)
    }
    default:
      throw new QueryUnsupported(`${tag} in SELECT is not supported`)
  }
}

function wildcard(fields: readonly Field[], { grouping, scope }: Context): Output[] {
  if (scope.fields.length === 0)
    throw new QueryRefused('Error during planning: SELECT * with no tables specified is not valid')
  return fields.map((field) => {
    if (grouping?.keys.has(field.sql) !== true) grouping?.loose.push(fieldName(field))
    return { expression: fieldExpression(field), qualifier: field.qualifier, name: field.name }
  })
}

function groupNodes(node: unknown): readonly unknown[] | 'all' {
  const { tag, body } = variantOf(node)
  if (tag === 'All') return 'all'
  if (tag !== 'Expressions') throw new QueryUnsupported(`GROUP BY ${tag} is not supported`)
  const [expressions, modifiers] = listOf(body)
  if (listOf(modifiers).length > 0) throw new QueryUnsupported('GROUP BY with modifiers is not supported')
  return listOf(expressions)
}

/** GROUP BY ALL: by every result column without an aggregate in it. */
function allKeys(projection: readonly unknown[], context: Context): Expression[] {
  return projection.flatMap((item) => {
    const grouping: Grouping = { keys: new Set(), loose: [], hasAggregate: false }
    const outputs = translateItem(item, { ...context, grouping })
    return grouping.hasAggregate ? [] : outputs.map(({ expression }) => expression)
  })
}

/** A group is named by an expression, by the number of a result column, or by its alias. */
function groupKey(node: unknown, projection: readonly unknown[], context: Context): Expression {
  const { tag, body } = variantOf(node)
  if (tag === 'Identifier') {
    const name = identifierOf(body)
    if (context.scope.find([name]) === undefined) {
      const item = projection.map(itemAlias).find((each) => each?.alias === name)
      if (item !== undefined) return context.translate(item.node, context)
    }
  }
  const key = context.translate(node, context)
  if (typeof key.literal !== 'number') return key
  const item = projection[key.literal - 1]
  const aliased = item === undefined ? undefined : (itemAlias(item) ?? { node: variantOf(item).body })
  if (aliased === undefined) {
    throw new QueryInvalid(`Error during planning: Cannot find column with position ${key.literal} in SELECT clause`)
  }
  return context.translate(aliased.node, context)
}

function itemAlias(item: unknown): { readonly alias: string; readonly node: unknown } | undefined {
  const { tag, body } = variantOf(item)
  if (tag !== 'ExprWithAlias') return undefined
  const fields = fieldsOf(body, 'SELECT', ['expr', 'alias'])
  return { alias: identifierOf(fields.alias), node: fields.expr }
}

function translateOutputOrder(node: unknown, outputs: readonly Output[], context: Context): Order {
  const fields = fieldsOf(node, 'ORDER BY', ['expr', 'options'])
  const expression = context.translate(fields.expr, context)
  const position =
    variantOf(fields.expr).tag === 'Value' && typeof expression.literal === 'number' ? expression.literal : undefined
  if (position === undefined) return orderBy(expression, orderOptions(fields.options))
  const output = outputs[position - 1]
  if (output === undefined) {
    throw new QueryRefused(
      `Error during planning: Order by column out of bounds, specified: ${position}, max: ${outputs.length}`,
    )
  }
  return orderBy(output.expression, orderOptions(fields.options))
}

/** By number where it is a result column, so that it is computed once. */
function orderSql({ expression, direction }: Order, outputs: readonly Output[]): string {
  const place = outputs.findIndex((output) => output.expression.sql === expression.sql)
  if (place !== -1) return `${place + 1} ${direction}`
  return `${sortKey(expression)} ${direction}`
}

/** What rows must differ in; `undefined` where they need not. */
function distinctKeys(node: unknown, context: Context): readonly Expression[] | 'whole rows' | undefined {
  if (isAbsent(node)) return undefined
  const { tag, body } = variantOf(node)
  switch (tag) {
    case 'All':
      return undefined
    case 'Distinct':
      return 'whole rows'
    default:
      return listOf(body).map((key) => context.translate(key, context))
  }
}

function checkDistinctOrder(order: readonly Order[], outputs: readonly Output[]): void {
  const missing = order.find(({ expression }) => outputs.every((output) => output.expression.sql !== expression.sql))
  if (missing === undefined) return
  throw new QueryRefused(
    `Error during planning: For SELECT DISTINCT, ORDER BY expressions ${missing.expression.name} must appear in select list`,
  )
}

function checkGroups({ hasAggregate, loose }: Grouping, isGrouped: boolean): void {
  const [first] = loose
  if ((!hasAggregate && !isGrouped) || first === undefined) return
  throw new QueryInvalid(
    `Error during planning: Column in SELECT must be in GROUP BY or an aggregate function: column "${first}" must appear in the GROUP BY clause or must be part of an aggregate function`,
  )
}

/** Two result columns of one name cannot be told apart. */
function checkOutputs(outputs: readonly Output[]): void {
  const seen = new Set<string>()
  for (const output of outputs) {
    const name = fieldName(output)
    if (seen.has(name)) {
      throw new QueryRefused(
        `Error during planning: Projections require unique expression names but the expression "${name}" is there twice. Consider aliasing ("AS") one of them.`,
      )
    }
    seen.add(name)
  }
}

function isAbsent(node: unknown): boolean {
  return node === undefined || node === null
}
