import { QueryInvalid, QueryRefused, QueryUnsupported } from '../../errors/query.ts'
import { findTable, fullName } from '../catalogue/catalogue.ts'
import { fieldsOf, isObject, objectNameOf, variantOf } from '../parse/tree.ts'
import { type SqlType, text } from '../sql-type.ts'
import type { Context } from './context.ts'
import { translateQuery } from './query.ts'
import { Scope } from './scope.ts'
import { sqlText } from './sql-text.ts'
import { translateExpression } from './translate-expression.ts'

export interface PlanColumn {
  readonly name: string
  readonly type: SqlType
  /** False where it can be told from the query that there is always a value. */
  readonly nullable: boolean
}

/** What is run: SQL for SQLite, and the columns of the answer. */
export interface Plan {
  readonly sql: string
  readonly columns: readonly PlanColumn[]
  /** Answer with SQLite's plan of the query instead of its rows. */
  readonly isExplained: boolean
}

/** Statements that would change something, and how the peer calls them. Everything else that is not listed below is refused as unknown. */
const CHANGES = /^(?:Create|Drop|Alter|Insert|Update|Delete|Truncate|Merge|Copy)/

/** Translates the one statement of a query. `nowMs`: what `now()` is in it. */
export function translateStatement(statements: readonly unknown[], nowMs: number): Plan {
  const [statement, ...others] = statements
  if (statement === undefined) {
    throw new QueryRefused('Error during planning: No SQL statements were provided in the query string')
  }
  if (others.length > 0) {
    throw new QueryInvalid(
      'This feature is not implemented: The context currently only supports a single SQL statement',
    )
  }
  const { tag, body } = variantOf(statement)
  switch (tag) {
    case 'Query':
      return queryPlan(body, nowMs)
    case 'ShowTables':
      fieldsOf(body, 'SHOW TABLES', ['show_options', 'full', 'extended'])
      return sqlPlan(['table_catalog', 'table_schema', 'table_name', 'table_type'], 'tables')
    case 'ShowColumns':
      return showColumns(body)
    case 'ExplainTable': {
      const fields = fieldsOf(body, 'DESCRIBE', ['describe_alias', 'has_table_keyword', 'table_name'])
      return describe(objectNameOf(fields.table_name), ['column_name', 'data_type', 'is_nullable'])
    }
    case 'Explain': {
      const fields = fieldsOf(body, 'EXPLAIN', ['describe_alias', 'statement', 'verbose'])
      return { ...translateStatement([fields.statement], nowMs), isExplained: true }
    }
    case 'ShowVariable':
      return sqlPlan(['name', 'value'], 'df_settings')
    default: {
      if (CHANGES.test(tag))
        throw new QueryRefused(`Error during planning: ${tag} is not supported: the tables are read-only`)
      throw new QueryUnsupported(`This feature is not implemented: Unsupported SQL statement: ${tag}`)
    }
  }
}

function queryPlan(node: unknown, nowMs: number): Plan {
  const names = new Map<string, number>()
  const context: Context = {
    newName(prefix) {
      const number = (names.get(prefix) ?? 0) + 1
      names.set(prefix, number)
      return `${prefix}${number}`
    },
    nowMs,
    named: new Map(),
    scope: new Scope([], undefined),
    grouping: undefined,
    translateQuery,
    translate: translateExpression,
  }
  if (isInsert(node)) throw new QueryRefused('Error during planning: DML not supported: the tables are read-only')
  const { sql, fields } = translateQuery(node, context)
  return { sql, columns: fields.map(({ name, type, nullable }) => ({ name, type, nullable })), isExplained: false }
}

/** A WITH in front makes a statement that changes something look like a query. */
function isInsert(node: unknown): boolean {
  if (!isObject(node) || node.body === undefined) return false
  const { tag } = variantOf(node.body)
  return CHANGES.test(tag)
}

function showColumns(body: unknown): Plan {
  const fields = fieldsOf(body, 'SHOW COLUMNS', ['show_options', 'full', 'extended'])
  const options = fieldsOf(fields.show_options, 'SHOW COLUMNS', ['show_in'])
  const showIn = fieldsOf(options.show_in, 'SHOW COLUMNS', ['clause', 'parent_name'])
  const columns = ['table_catalog', 'table_schema', 'table_name', 'column_name', 'data_type', 'is_nullable']
  return describe(objectNameOf(showIn.parent_name), columns)
}

function describe(path: readonly string[], columns: readonly string[]): Plan {
  const table = findTable(path)
  if (table === undefined) throw new QueryInvalid(`Error during planning: table '${fullName(path)}' not found`)
  return sqlPlan(columns, 'columns', `WHERE v."table_name" = ${sqlText(table.name)}`)
}

function sqlPlan(columns: readonly string[], view: string, where = ''): Plan {
  const table = findTable(['information_schema', view])
  const known = new Map(table?.columns.map((column) => [column.name, column]))
  return {
    sql: `SELECT ${columns.map((name) => `v."${name}"`).join(', ')} FROM temp."information_schema.${view}" v ${where}`,
    columns: columns.map((name) => {
      const { type = text, isRequired } = known.get(name) ?? {}
      return { name, type, nullable: isRequired !== true }
    }),
    isExplained: false,
  }
}
