import { generalFunctions } from './general-functions.ts'
import { jsonFunctions } from './json-functions.ts'
import { listFunctions } from './list-functions.ts'
import { mathFunctions } from './math-functions.ts'
import { regexpFunctions } from './regexp-functions.ts'
import type { ScalarFunction } from './scalar-function.ts'
import { textFunctions } from './text-functions.ts'
import { timeFunctions } from './time-functions.ts'

/** Every function of single values that a query may call. */
export const scalarFunctions: Readonly<Record<string, ScalarFunction>> = {
  ...generalFunctions,
  ...listFunctions,
  ...mathFunctions,
  ...textFunctions,
  ...timeFunctions,
  ...jsonFunctions,
  ...regexpFunctions,
}
