import { QueryInvalid, QueryRefused, QueryTooComplex, QueryUnsupported } from '../../errors/query.ts'
import { findTable, fullName } from '../catalogue/catalogue.ts'
import { fieldsOf, identifierOf, listOf, objectNameOf, variantOf } from '../parse/tree.ts'
import { compare } from './comparison.ts'
import type { Context } from './context.ts'
import { type Field, fieldName, type TranslatedQuery } from './expression.ts'
import { predicate } from './predicate.ts'
import { fieldExpression, Scope } from './scope.ts'

/** What FROM brings: SQL behind the word, and the columns. */
export interface Source {
  readonly sql: string
  readonly fields: readonly Field[]
}

/** Tables of one SELECT; SQLite has a limit of 64, and time is what more would cost. */
const MAX_TABLES = 16

/** The whole FROM: tables with their joins, and a comma between means all with all. */
export function translateFrom(nodes: readonly unknown[], context: Context): Source | undefined {
  let source: Source | undefined
  let tables = 0
  for (const node of nodes) {
    const { relation, joins } = fieldsOf(node, 'FROM', ['relation', 'joins'])
    tables += 1 + listOf(joins).length
    if (tables > MAX_TABLES) throw new QueryTooComplex(`The query joins more than ${MAX_TABLES} tables`)
    const next = joinAll(translateRelation(relation, context), listOf(joins), context)
    // SQLite takes a single table in brackets for a query, whose table has no name.
    const nextSql = listOf(joins).length === 0 ? next.sql : `(${next.sql})`
    source =
      source === undefined ? next : { sql: `${source.sql} JOIN ${nextSql}`, fields: [...source.fields, ...next.fields] }
  }
  if (source !== undefined) checkNames(source.fields)
  return source
}

function joinAll(first: Source, joins: readonly unknown[], context: Context): Source {
  let left = first
  for (const join of joins) {
    const fields = fieldsOf(join, 'JOIN', ['relation', 'join_operator'])
    left = joinTwo(left, translateRelation(fields.relation, context), fields.join_operator, context)
  }
  return left
}

const JOINS: Readonly<Record<string, 'JOIN' | 'LEFT JOIN' | 'RIGHT JOIN' | 'FULL JOIN'>> = {
  Join: 'JOIN',
  Inner: 'JOIN',
  CrossJoin: 'JOIN',
  Left: 'LEFT JOIN',
  LeftOuter: 'LEFT JOIN',
  Right: 'RIGHT JOIN',
  RightOuter: 'RIGHT JOIN',
  FullOuter: 'FULL JOIN',
}

function joinTwo(left: Source, right: Source, operator: unknown, context: Context): Source {
  const { tag, body } = variantOf(operator)
  const word = Object.hasOwn(JOINS, tag) ? JOINS[tag] : undefined
  if (word === undefined) throw new QueryUnsupported(`Joins of kind ${tag} are not supported`)
  const leftFields = word === 'RIGHT JOIN' || word === 'FULL JOIN' ? left.fields.map(nullable) : left.fields
  const rightFields = word === 'LEFT JOIN' || word === 'FULL JOIN' ? right.fields.map(nullable) : right.fields
  const constraint = body === undefined || body === null ? { tag: 'None', body: undefined } : variantOf(body)
  const sql = `${left.sql} ${word} ${right.sql}`
  switch (constraint.tag) {
    case 'None':
      return { sql, fields: [...leftFields, ...rightFields] }
    case 'On': {
      const scope = new Scope([...leftFields, ...rightFields], context.scope.parent)
      const condition = context.translate(constraint.body, { ...context, scope, grouping: undefined })
      return { sql: `${sql} ON ${predicate(condition).sql}`, fields: scope.fields }
    }
    case 'Using': {
      const names = listOf(constraint.body).flatMap(objectNameOf)
      if (word === 'FULL JOIN') throw new QueryUnsupported('FULL JOIN … USING is not supported')
      const conditions = names.map((name) => {
        const pair = [leftFields, rightFields].map((fields) =>
          fieldExpression(new Scope(fields, undefined).resolve([name])),
        )
        const [l, r] = pair
        if (l === undefined || r === undefined) throw new QueryInvalid(`Schema error: No field named ${name}`)
        return compare('=', l, r).sql
      })
      const merge = (fields: readonly Field[]) =>
        fields.map((field): Field => (names.includes(field.name) ? { ...field, isMerged: true } : field))
      const merged =
        word === 'RIGHT JOIN' ? [...merge(leftFields), ...rightFields] : [...leftFields, ...merge(rightFields)]
      return { sql: `${sql} ON ${conditions.join(' AND ')}`, fields: merged }
    }
    default:
      throw new QueryUnsupported(`${constraint.tag} joins are not supported`)
  }
}

function nullable({ isNeverNull: _never, ...field }: Field): Field {
  return { ...field, nullable: true }
}

function translateRelation(node: unknown, context: Context): Source {
  const { tag, body } = variantOf(node)
  switch (tag) {
    case 'Table': {
      const fields = fieldsOf(body, 'a table', ['name', 'alias', 'args'])
      const path = objectNameOf(fields.name)
      if (fields.args !== undefined && fields.args !== null) {
        throw new QueryRefused(`Error during planning: table function '${path.join('.')}' not found`)
      }
      return withAlias(table(path, context), fields.alias)
    }
    case 'Derived': {
      const fields = fieldsOf(body, 'a query in FROM', ['subquery', 'alias'])
      const { grouping: _grouping, aliases: _aliases, ...outer } = context
      const query = context.translateQuery(fields.subquery, {
        ...outer,
        grouping: undefined,
        scope: new Scope([], context.scope.parent),
      })
      return withAlias(derived(`(${query.sql})`, query, context), fields.alias)
    }
    case 'NestedJoin': {
      const fields = fieldsOf(body, 'a join in brackets', ['table_with_joins', 'alias'])
      if (fields.alias !== undefined && fields.alias !== null)
        throw new QueryUnsupported('A join in brackets cannot have an alias')
      const nested = fieldsOf(fields.table_with_joins, 'FROM', ['relation', 'joins'])
      const source = joinAll(translateRelation(nested.relation, context), listOf(nested.joins), context)
      return listOf(nested.joins).length === 0 ? source : { sql: `(${source.sql})`, fields: source.fields }
    }
    default:
      throw new QueryUnsupported(`${tag} in FROM is not supported`)
  }
}

function table(path: readonly string[], context: Context): Source {
  const [only] = path
  const named = path.length === 1 && only !== undefined ? context.named.get(only) : undefined
  if (named !== undefined) {
    const source = derived(named.table, named.query, context)
    return { sql: source.sql, fields: source.fields.map((field) => ({ ...field, qualifier: only })) }
  }
  const found = findTable(path)
  if (found === undefined) throw new QueryInvalid(`Error during planning: table '${fullName(path)}' not found`)
  const alias = context.newName('t')
  const qualifier = path.at(-1)
  const fields = found.columns.map(
    (column): Field => ({
      qualifier: path.includes('information_schema') ? `information_schema.${qualifier}` : qualifier,
      name: column.name,
      type: column.type,
      sql: `${alias}."${column.name}"`,
      nullable: column.isRequired !== true,
      ...(column.notNull === true && { isNeverNull: true as const }),
      origin: { column, alias },
    }),
  )
  return { sql: `temp."${found.name}" AS ${alias}`, fields }
}

/** Columns of a query in FROM keep the names of the tables that they are from: the official CLI counts on it. */
function derived(sql: string, query: TranslatedQuery, context: Context): Source {
  const alias = context.newName('d')
  const fields = query.fields.map(
    ({ qualifier, name, type, nullable: isNullable, isNeverNull }, place): Field => ({
      qualifier,
      name,
      type,
      sql: `${alias}.c${place}`,
      nullable: isNullable,
      ...(isNeverNull === true && { isNeverNull }),
    }),
  )
  return { sql: `${sql} AS ${alias}`, fields }
}

function withAlias(source: Source, node: unknown): Source {
  if (node === undefined || node === null) return source
  const alias = fieldsOf(node, 'an alias', ['name', 'columns', 'explicit'])
  const qualifier = identifierOf(alias.name)
  const names = listOf(alias.columns).map((column) => identifierOf(fieldsOf(column, 'an alias', ['name']).name))
  if (names.length > 0 && names.length !== source.fields.length) {
    throw new QueryRefused(
      `Error during planning: Source table contains ${source.fields.length} columns but only ${names.length} names given as column alias`,
    )
  }
  return {
    sql: source.sql,
    fields: source.fields.map((field, place) => ({ ...field, qualifier, name: names[place] ?? field.name })),
  }
}

function checkNames(fields: readonly Field[]): void {
  const seen = new Set<string>()
  for (const field of fields) {
    if (field.qualifier === undefined) continue
    const name = fieldName(field)
    if (seen.has(name)) throw new QueryRefused(`Schema error: Schema contains duplicate qualified field name ${name}`)
    seen.add(name)
  }
}
