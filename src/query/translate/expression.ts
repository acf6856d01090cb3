import type { Column } from '../catalogue/table.ts'
import type { SqlType } from '../sql-type.ts'
import type { IntervalValue } from './interval.ts'

/** A translated expression: SQL for SQLite, and what is known of its value. */
export interface Expression {
  readonly sql: string
  readonly type: SqlType
  /** What the peer calls a result column of it: `count(Int64(1))`, `sys_service.name`. */
  readonly name: string
  readonly nullable: boolean
  /** The value, where it is in the text of the query. */
  readonly literal?: string | number | boolean | null
  readonly interval?: IntervalValue
  /** Only for conditions. */
  readonly hints?: Hints
  /** A column, which a result column is named after. */
  readonly field?: Field
}

/** What a condition says, if it is true, of the tables that it is about. Tables are named by their SQL aliases. */
export interface Hints {
  /** It compares an invocation's id with a text that is none. */
  readonly hasBadId?: true
  /** Only rows of invocations that are not completed. */
  readonly open?: readonly string[]
  /** Only rows of invocations that are named. */
  readonly byId?: readonly string[]
}

/** A column that can be named: of a table, of a query in FROM, of a result. */
export interface Field {
  /** The table's alias or name, by which the column can be told from others. */
  readonly qualifier: string | undefined
  readonly name: string
  readonly type: SqlType
  readonly sql: string
  /** As the peer declares it. */
  readonly nullable: boolean
  /** There is none that is NULL, whatever is declared. */
  readonly isNeverNull?: true
  /** Only for columns of the catalogue, as long as no query is between: what it is, and the SQL alias of its table. */
  readonly origin?: { readonly column: Column; readonly alias: string }
  /** The right one of two columns that USING has merged: only found with its qualifier. */
  readonly isMerged?: true
}

/** A translated query. Its SQL has the result columns `c0`, `c1`, …, which `fields` describe; their own `sql` is just that name. */
export interface TranslatedQuery {
  readonly sql: string
  readonly fields: readonly Field[]
}

const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/

/** A column as the peer names it, quoted where it must be. */
export function fieldName({ qualifier, name }: Pick<Field, 'qualifier' | 'name'>): string {
  return (qualifier === undefined ? [name] : [qualifier, name]).map(quotedName).join('.')
}

export function quotedName(name: string): string {
  return PLAIN_NAME.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
