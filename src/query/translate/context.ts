import type { Expression, TranslatedQuery } from './expression.ts'
import type { Scope } from './scope.ts'

/** A query named by WITH: the name of its SQLite table, and what is in it. */
export interface NamedQuery {
  readonly table: string
  readonly query: TranslatedQuery
}

/** What a SELECT with groups allows outside of aggregate functions: its group expressions, and what is made of them. */
export interface Grouping {
  /** SQL of the group expressions. */
  readonly keys: Set<string>
  /** Columns that were named outside of aggregates and are not part of a group expression, in the peer's words. */
  readonly loose: string[]
  hasAggregate: boolean
}

/** Everything that the translation of an expression depends on beside the expression. */
export interface Context {
  /** A fresh name for a table in SQL. Names of the query's text never get there. */
  readonly newName: (prefix: string) => string
  /** `now()`, ms since epoch. */
  readonly nowMs: number
  readonly named: ReadonlyMap<string, NamedQuery>
  readonly scope: Scope
  /** `undefined` where aggregate functions are not allowed. */
  readonly grouping: Grouping | undefined
  /** Result columns, where they can be named: in ORDER BY before, in GROUP BY and HAVING behind the columns of FROM. */
  readonly aliases?: ReadonlyMap<string, Expression>
  readonly aliasesFirst?: boolean
  /** `unnest(list)`, where a SELECT can have more rows for it. */
  readonly unnest?: (args: readonly Expression[]) => Expression
  readonly translateQuery: (node: unknown, context: Context) => TranslatedQuery
  readonly translate: (node: unknown, context: Context) => Expression
}
