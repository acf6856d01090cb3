import { type SqlType, wide } from '../sql-type.ts'
import { isHidden, type Visibility } from '../visibility.ts'
import type { Secret } from './secret.ts'

export interface Column {
  readonly name: string
  readonly type: SqlType
  /** Over the tables of `from`. Without it the column is always NULL: the peer has it, this server has nothing for it. */
  readonly sql?: string
  /** Never NULL, so that indexes serve every null order. */
  readonly notNull?: true
  /** The peer declares it to be never NULL, and so do answers. */
  readonly isRequired?: true
  /** A text that is compared with it must be an invocation id; the peer fails on others, too. */
  readonly isInvocationId?: true
  /** Not for everybody. */
  readonly secret?: Secret
  /** What a condition on the column says of stored columns, so that their indexes serve it. */
  readonly stored?: StoredColumn
}

/**
 * A computed column that says something of a stored one.
 *
 * - `status`: words of the column stand for stored words; `exact` ones for nothing else.
 * - `target`: begins with the service's name and a slash.
 * - `failure`: the word `failure` is the same as a condition on stored columns.
 */
export type StoredColumn =
  | { readonly kind: 'status'; readonly column: string; words(word: string): StoredWord | undefined }
  | { readonly kind: 'target'; readonly column: string }
  | { readonly kind: 'failure'; condition(alias: string): string }

export interface StoredWord {
  readonly word: string
  readonly exact: boolean
}

/** A table or view of the catalogue; for SQLite all are temporary views over the store's tables. */
export interface CatalogueTable {
  readonly name: string
  readonly kind: 'BASE TABLE' | 'VIEW'
  readonly columns: readonly Column[]
  /** Columns that conditions are translated to; no query can name them. */
  readonly hidden?: readonly { readonly name: string; readonly sql: string }[]
  /** SQL behind FROM, over the store's tables. Without it the table is empty. */
  readonly from?: string
  /** The same for only those rows that are of unfinished invocations. SQLite would not guess how few they are. */
  readonly openFrom?: string
}

/** Behind the name of a table's view, it is the view of unfinished invocations. */
export const OPEN_SUFFIX = '#open'

/** The hash that the peer distributes work by. `id` or `key` is the column that it is made of. */
export function partitionKey(sql?: string): Column {
  return { name: 'partition_key', type: wide, ...(sql !== undefined && { sql }) }
}

/**
 * The texts of the temporary views that stand for a table. What may not be seen is masked here, below every condition, order and
 * aggregate that a query can ask for: none of them can tell what is behind the mask.
 */
export function viewsOf(
  { name, columns, hidden = [], from, openFrom }: CatalogueTable,
  visibility: Visibility,
): string[] {
  const shown = ({ sql = 'NULL', secret }: Column) =>
    secret !== undefined && isHidden(secret.kind, visibility) ? secret.masked : sql
  const listed = [
    ...columns.map((column) => `${shown(column)} AS "${column.name}"`),
    ...hidden.map((column) => `${column.sql} AS "${column.name}"`),
  ].join(', ')
  const view = (viewName: string, source: string) => `CREATE TEMP VIEW "${viewName}" AS SELECT ${listed} ${source}`
  return [
    view(name, from === undefined ? 'WHERE 0' : `FROM ${from}`),
    ...(openFrom === undefined ? [] : [view(`${name}${OPEN_SUFFIX}`, `FROM ${openFrom}`)]),
  ]
}
