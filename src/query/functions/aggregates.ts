import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'

/** Stands for "no row yet"; no value of a row is this very object. */
const none = new Uint8Array()

/** `x_first` and `x_last`: the value of the first or the last row, NULL or not. */
export function registerAggregates(database: DatabaseSync): void {
  const shared = { useBigIntArguments: true, start: (): SQLInputValue => none, result: resultOf }
  database.aggregate<SQLInputValue>('x_first', {
    ...shared,
    step: (found: SQLInputValue, value: SQLOutputValue) => (found === none ? value : found),
  })
  database.aggregate<SQLInputValue>('x_last', {
    ...shared,
    step: (_found: SQLInputValue, value: SQLOutputValue) => value,
  })
}

function resultOf(found: SQLInputValue): SQLInputValue {
  return found === none ? null : found
}
