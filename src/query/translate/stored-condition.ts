import type { StoredWord } from '../catalogue/table.ts'
import type { Expression } from './expression.ts'
import { sqlText } from './sql-text.ts'

/**
 * A condition on a computed column as one on the stored column that an index is on. `undefined` when there is no such condition: then the
 * column is computed for each row.
 */
export function storedCondition(operator: string, left: Expression, right: Expression): string | undefined {
  const { field } = left
  const origin = field?.origin
  const stored = origin?.column.stored
  const { literal } = right
  if (field === undefined || origin === undefined || stored === undefined || typeof literal !== 'string')
    return undefined
  if (stored.kind === 'failure')
    return operator === '=' && literal === 'failure' ? stored.condition(origin.alias) : undefined
  const column = `${origin.alias}."${stored.column}"`
  if (stored.kind === 'status') {
    const word = stored.words(literal)
    return word === undefined ? undefined : statusCondition(operator, column, word, field.sql, literal)
  }
  return operator === '=' ? targetCondition(column, literal, `${field.sql} = ${sqlText(literal)}`) : undefined
}

/** The same for `target LIKE 'Service/…'`. */
export function storedLike(left: Expression, pattern: Expression, condition: string): string {
  const { origin } = left.field ?? {}
  const { literal } = pattern
  if (origin?.column.stored?.kind !== 'target' || typeof literal !== 'string') return condition
  const column = `${origin.alias}."${origin.column.stored.column}"`
  return targetCondition(column, literal, condition) ?? condition
}

function statusCondition(
  operator: string,
  column: string,
  { word, exact }: StoredWord,
  shown: string,
  literal: string,
): string | undefined {
  if (operator === '<>') return exact ? `(${column} <> '${word}')` : undefined
  if (operator !== '=') return undefined
  return exact ? `(${column} = '${word}')` : `(${column} = '${word}' AND ${shown} = ${sqlText(literal)})`
}

function targetCondition(column: string, text: string, condition: string): string | undefined {
  const service = /^([^/%_\\]+)\//.exec(text)?.[1]
  return service === undefined ? undefined : `(${column} = ${sqlText(service)} AND ${condition})`
}
