import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { readsWholeTexts, textOf } from '../../store/whole-text.ts'
import type { Plan } from '../translate/statement.ts'

/** The rows of a plan, one value for each of its columns; integers are bigints. */
export function* rowsOf(connection: DatabaseSync, plan: Plan): Generator<readonly unknown[]> {
  if (readsWholeTexts(connection)) {
    yield* arrays(connection.prepare(plan.sql))
    return
  }
  // As bytes, which are whole, and with the kind that each value has.
  const names = plan.columns.map((_, index) => `c${index}`)
  const values = names.map((name) => `iif(typeof(${name}) = 'text', CAST(${name} AS BLOB), ${name})`)
  const kinds = names.map((name) => `typeof(${name})`)
  const sql = `WITH answer(${names.join(', ')}) AS (${plan.sql}) SELECT ${[...values, ...kinds].join(', ')} FROM answer`
  for (const row of arrays(connection.prepare(sql))) {
    yield names.map((_, index) => (row[names.length + index] === 'text' ? textOf(row[index]) : row[index]))
  }
}

function* arrays(statement: StatementSync): Generator<readonly unknown[]> {
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  // With `setReturnArrays`, rows are arrays.
  for (const row of statement.iterate()) yield row as unknown as readonly unknown[]
}
