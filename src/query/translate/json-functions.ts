import { bool, float, int64, jsonValue, type SqlType, text, textList, u64 } from '../sql-type.ts'
import type { Expression } from './expression.ts'
import { argument, type ScalarFunction, typed } from './scalar-function.ts'

/** Follows a path of keys and indexes through a JSON text; what is not there is NULL. */
function get(as: string, type: SqlType): ScalarFunction {
  return {
    arity: [1, 33],
    translate: (args) => ({ sql: `x_json(${path(args, as)})`, type, nullable: true }),
  }
}

function path(args: readonly Expression[], as: string): string {
  const [, ...steps] = args
  const shownSteps = steps.map((_, place) => typed('json_get', args, place + 1, 'text', 'int'))
  return [`'${as}'`, documentOf(args), ...shownSteps].join(', ')
}

function documentOf(args: readonly Expression[]): string {
  const { sql, type } = argument(args, 0)
  return type.kind === 'json' ? sql : typed('json_get', args, 0, 'text')
}

export const jsonFunctions: Readonly<Record<string, ScalarFunction>> = {
  json_get: get('json', jsonValue),
  json_get_str: get('str', text),
  json_get_int: get('int', int64),
  json_get_float: get('float', float),
  json_get_bool: get('bool', bool),
  json_get_json: get('json', text),
  json_as_text: get('text', text),
  json_length: get('length', u64),
  json_object_keys: get('keys', textList),
  json_keys: get('keys', textList),
  json_contains: {
    arity: [2, 33],
    translate: (args) => ({ sql: `x_json(${path(args, 'exists')})`, type: bool, nullable: false }),
  },
}
