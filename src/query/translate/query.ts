import { QueryInvalid, QueryTooComplex, QueryUnsupported } from '../../errors/query.ts'
import { fieldsOf, identifierOf, isObject, listOf, variantOf } from '../parse/tree.ts'
import { coerce, commonType } from './coerce.ts'
import type { Context, NamedQuery } from './context.ts'
import type { Field, TranslatedQuery } from './expression.ts'
import { type Order, orderBy, orderOptions } from './order.ts'
import { fieldExpression, Scope } from './scope.ts'
import { translateSelect } from './select.ts'

const MAX_VALUES_ROWS = 1000

/** A query with all that may stand around it: WITH, set operations, ORDER BY, LIMIT. */
export function translateQuery(node: unknown, outer: Context): TranslatedQuery {
  const query = fieldsOf(node, 'a query', ['with', 'body', 'order_by', 'limit_clause', 'locks'])
  const { sql: withSql, context } = translateWith(query.with, outer)
  const limit = limitSql(query.limit_clause, context)
  const order = orderNodes(query.order_by)
  const body = translateBody(query.body, order, context)
  return { sql: `${withSql}${body.sql}${limit}`, fields: body.fields }
}

function translateWith(node: unknown, context: Context): { readonly sql: string; readonly context: Context } {
  if (node === undefined || node === null) return { sql: '', context }
  const fields = fieldsOf(node, 'WITH', ['recursive', 'cte_tables'])
  if (fields.recursive === true) throw new QueryUnsupported('WITH RECURSIVE is not supported')
  const named = new Map(context.named)
  const parts: string[] = []
  for (const table of listOf(fields.cte_tables)) {
    const part = fieldsOf(table, 'WITH', ['alias', 'query', 'materialized'])
    const alias = fieldsOf(part.alias, 'WITH', ['name', 'columns', 'explicit'])
    const query = translateQuery(part.query, { ...context, named })
    const columns = listOf(alias.columns).map((column) => identifierOf(fieldsOf(column, 'WITH', ['name']).name))
    const name = context.newName('w')
    const entry: NamedQuery = {
      table: name,
      query: {
        sql: name,
        fields: query.fields.map((field, place) => ({ ...field, name: columns[place] ?? field.name })),
      },
    }
    parts.push(`${name} AS (${query.sql})`)
    named.set(identifierOf(alias.name), entry)
  }
  return { sql: `WITH ${parts.join(', ')} `, context: { ...context, named } }
}

function translateBody(node: unknown, order: readonly unknown[], context: Context): TranslatedQuery {
  const { tag, body } = variantOf(node)
  if (tag === 'Select') return translateSelect(body, order, context)
  const query = unordered(tag, body, context)
  if (order.length === 0) return query
  const alias = context.newName('s')
  const fields = query.fields.map((field, place): Field => ({ ...field, sql: `${alias}.c${place}` }))
  const items = order.map((each) =>
    resultOrder(each, { ...context, grouping: undefined, scope: new Scope(fields, undefined) }),
  )
  return {
    sql: `SELECT * FROM (${query.sql}) AS ${alias} ORDER BY ${items.map(({ sql }) => sql).join(', ')}`,
    fields: query.fields,
  }
}

function unordered(tag: string, body: unknown, context: Context): TranslatedQuery {
  switch (tag) {
    case 'Query':
      return nested(translateQuery(body, context), context)
    case 'SetOperation':
      return setOperation(body, context)
    case 'Values':
      return values(body, context)
    default:
      throw new QueryUnsupported(`${tag} is not supported here`)
  }
}

/** In brackets, so that ORDER BY and LIMIT stay where they are. */
function nested(query: TranslatedQuery, context: Context): TranslatedQuery {
  return { sql: `SELECT * FROM (${query.sql}) AS ${context.newName('s')}`, fields: query.fields }
}

function resultOrder(node: unknown, context: Context): Order {
  const fields = fieldsOf(node, 'ORDER BY', ['expr', 'options'])
  const expression = context.translate(fields.expr, context)
  if (typeof expression.literal !== 'number') return orderBy(expression, orderOptions(fields.options))
  const field = context.scope.fields[expression.literal - 1]
  if (field === undefined)
    throw new QueryInvalid(`Error during planning: Order by column out of bounds: ${expression.literal}`)
  return orderBy(fieldExpression(field), orderOptions(fields.options))
}

const SET_OPERATIONS: Readonly<Record<string, string>> = {
  'Union None': 'UNION',
  'Union Distinct': 'UNION',
  'Union All': 'UNION ALL',
  'Except None': 'EXCEPT',
  'Except Distinct': 'EXCEPT',
  'Intersect None': 'INTERSECT',
  'Intersect Distinct': 'INTERSECT',
}

function setOperation(node: unknown, context: Context): TranslatedQuery {
  const fields = fieldsOf(node, 'a set operation', ['left', 'op', 'set_quantifier', 'right'])
  const operation = `${variantOf(fields.op).tag} ${variantOf(fields.set_quantifier).tag}`
  const word = Object.hasOwn(SET_OPERATIONS, operation) ? SET_OPERATIONS[operation] : undefined
  if (word === undefined) throw new QueryUnsupported(`${operation.toUpperCase()} is not supported`)
  const sides = [fields.left, fields.right].map((side) => translateBody(side, [], context))
  const [left, right] = sides
  if (left === undefined || right === undefined) throw new Error('invariant: a set operation has two sides')
  if (left.fields.length !== right.fields.length) {
    throw new QueryInvalid(
      `Error during planning: ${word} queries have different number of columns: left has ${left.fields.length} columns whereas right has ${right.fields.length} columns`,
    )
  }
  const merged = left.fields.map((field, place): Field => {
    const other = right.fields[place]
    const type = commonType([field.type, other?.type ?? field.type])
    if (type === undefined)
      throw new QueryInvalid(`Error during planning: Incompatible inputs for ${word}: column ${place + 1}`)
    const { isNeverNull, ...merged } = field
    const areNeverNull = isNeverNull === true && other?.isNeverNull === true
    return {
      ...merged,
      type,
      nullable: field.nullable || other?.nullable === true,
      ...(areNeverNull && { isNeverNull: true as const }),
    }
  })
  const parts = sides.map((side) => {
    const alias = context.newName('s')
    const columns = side.fields.map((field, place) => {
      const sql = `${alias}.c${place}`
      const value = coerce(
        { sql, type: field.type, name: field.name, nullable: field.nullable },
        merged[place]?.type ?? field.type,
      )
      return `${value} AS c${place}`
    })
    return `SELECT ${columns.join(', ')} FROM (${side.sql}) AS ${alias}`
  })
  return { sql: parts.join(` ${word} `), fields: merged }
}

function values(node: unknown, context: Context): TranslatedQuery {
  const rows = listOf(fieldsOf(node, 'VALUES', ['rows', 'explicit_row', 'value_keyword']).rows)
  if (rows.length > MAX_VALUES_ROWS) throw new QueryTooComplex(`VALUES has more than ${MAX_VALUES_ROWS} rows`)
  const translated = rows.map((row) => {
    const items = isObject(row) && !Array.isArray(row) ? row.content : row
    return listOf(items).map((item) => context.translate(item, { ...context, grouping: undefined }))
  })
  const width = translated[0]?.length ?? 0
  if (translated.some((row) => row.length !== width)) {
    throw new QueryInvalid('Error during planning: Inconsistent data length across values list')
  }
  const fields = Array.from({ length: width }, (_, place): Field => {
    const column = translated.map((row) => row[place]).filter((item) => item !== undefined)
    const type = commonType(column.map((item) => item.type))
    if (type === undefined)
      throw new QueryInvalid(`Error during planning: Inconsistent data type in column ${place + 1} of VALUES`)
    return {
      qualifier: undefined,
      name: `column${place + 1}`,
      type,
      sql: `c${place}`,
      nullable: column.some((item) => item.nullable),
    }
  })
  const selects = translated.map((row) => {
    const columns = row.map((item, place) => `${coerce(item, fields[place]?.type ?? item.type)} AS c${place}`)
    return `SELECT ${columns.join(', ')}`
  })
  return { sql: selects.join(' UNION ALL '), fields }
}

function orderNodes(node: unknown): readonly unknown[] {
  if (node === undefined || node === null) return []
  const { tag, body } = variantOf(fieldsOf(node, 'ORDER BY', ['kind']).kind)
  if (tag !== 'Expressions') throw new QueryUnsupported(`ORDER BY ${tag.toUpperCase()} is not supported`)
  return listOf(body)
}

function limitSql(node: unknown, context: Context): string {
  if (node === undefined || node === null) return ''
  const { tag, body } = variantOf(node)
  if (tag !== 'LimitOffset') throw new QueryUnsupported('This form of LIMIT is not supported')
  const fields = fieldsOf(body, 'LIMIT', ['limit', 'offset'])
  const limit =
    fields.limit === undefined || fields.limit === null ? undefined : rowCount(fields.limit, 'LIMIT', context)
  const offsetNode = fields.offset
  const offset =
    offsetNode === undefined || offsetNode === null
      ? undefined
      : rowCount(fieldsOf(offsetNode, 'OFFSET', ['value', 'rows']).value, 'OFFSET', context)
  if (limit === undefined && offset === undefined) return ''
  return ` LIMIT ${limit ?? -1}${offset === undefined ? '' : ` OFFSET ${offset}`}`
}

function rowCount(node: unknown, word: string, context: Context): number | undefined {
  const { literal } = context.translate(node, { ...context, grouping: undefined, scope: new Scope([], undefined) })
  if (literal === null) return undefined
  if (typeof literal !== 'number' || !Number.isInteger(literal))
    throw new QueryInvalid(`Error during planning: ${word} must be a number`)
  if (literal < 0) throw new QueryInvalid(`Error during planning: ${word} must be >= 0, '${literal}' was provided`)
  return literal
}
