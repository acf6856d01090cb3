import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import type { Context } from './context.ts'
import type { Expression } from './expression.ts'
import { itemType } from './list-functions.ts'

/** The list of `unnest(list)` in a SELECT: each row stands there once for each item. */
export class UnnestedLists {
  readonly #newName: Context['newName']
  #list: { readonly sql: string; readonly alias: string } | undefined

  constructor({ newName }: Pick<Context, 'newName'>) {
    this.#newName = newName
  }

  unnest(args: readonly Expression[]): Expression {
    const [list, ...more] = args
    if (list === undefined || more.length > 0) {
      throw new QueryInvalid('Error during planning: unnest() requires exactly one argument')
    }
    const type = itemType(list)
    this.#list ??= { sql: list.sql, alias: this.#newName('u') }
    const { sql, alias } = this.#list
    if (sql !== list.sql) throw new QueryUnsupported('unnest of more than one list is not supported')
    return { sql: `${alias}.value`, type, name: `UNNEST(${list.name})`, nullable: true }
  }

  /** FROM, with what has been unnested beside the other tables. */
  joinedTo(from: string | undefined): string {
    if (this.#list === undefined) return from === undefined ? '' : `FROM ${from}`
    const items = `json_each(${this.#list.sql}) AS ${this.#list.alias}`
    return from === undefined ? `FROM ${items}` : `FROM ${from} JOIN ${items}`
  }
}
