import { QueryInvalid } from '../../errors/query.ts'
import { int64, text, typeName } from '../sql-type.ts'
import { arrowType, castTo } from './cast.ts'
import { coerce, commonType } from './coerce.ts'
import { operands } from './comparison.ts'
import type { Expression } from './expression.ts'
import { argument, type ScalarFunction, type ScalarResult, typed } from './scalar-function.ts'
import { sqlText } from './sql-text.ts'

const many = [1, 100] as const

function coalesce(args: readonly Expression[]): ScalarResult {
  const { type, values } = unified('coalesce', args)
  const sql = values.length === 1 ? (values[0] ?? 'NULL') : `coalesce(${values.join(', ')})`
  return { sql, type, nullable: args.every(({ nullable }) => nullable) }
}

function extreme(name: 'greatest' | 'least'): ScalarFunction {
  return {
    arity: many,
    translate(args) {
      const { type, values } = unified(name, args)
      return { sql: `x_${name}(${values.join(', ')})`, type, nullable: args.every(({ nullable }) => nullable) }
    },
  }
}

/** Arguments that are all of one kind. */
function unified(name: string, args: readonly Expression[]) {
  const type = commonType(args.map((each) => each.type))
  if (type === undefined) {
    const types = args.map((each) => typeName(each.type)).join(', ')
    throw new QueryInvalid(
      `Error during planning: No function matches the given name and argument types '${name}(${types})'`,
    )
  }
  return { type, values: args.map((each) => coerce(each, type)) }
}

export const generalFunctions: Readonly<Record<string, ScalarFunction>> = {
  coalesce: { arity: many, translate: coalesce },
  nvl: { arity: [2, 2], translate: coalesce },
  ifnull: { arity: [2, 2], translate: coalesce },
  nvl2: {
    arity: [3, 3],
    translate(args) {
      const { type, values } = unified('nvl2', args.slice(1))
      return { sql: `iif(${argument(args, 0).sql} IS NULL, ${values[1]}, ${values[0]})`, type, nullable: true }
    },
  },
  nullif: {
    arity: [2, 2],
    translate(args) {
      const [left, right] = operands(argument(args, 0), argument(args, 1), '=')
      const { sql, type } = argument(args, 0)
      return { sql: `CASE WHEN ${left} = ${right} THEN NULL ELSE ${sql} END`, type, nullable: true }
    },
  },
  greatest: extreme('greatest'),
  least: extreme('least'),
  arrow_typeof: {
    arity: [1, 1],
    translate(args) {
      const { sql, type } = argument(args, 0)
      const name = sqlText(typeName(type))
      // The argument stays in: if it is an aggregate, there is one row.
      return { sql: `iif((${sql}) IS NULL, ${name}, ${name})`, type: text }
    },
  },
  arrow_cast: {
    arity: [2, 2],
    translate(args) {
      const { literal } = argument(args, 1)
      if (typeof literal !== 'string')
        throw new QueryInvalid('Error during planning: arrow_cast requires a type in quotes')
      const { sql, type } = castTo(argument(args, 0), arrowType(literal), false)
      return { sql, type }
    },
  },
  random: {
    arity: [0, 0],
    translate: () => ({ sql: '(abs(random() / 2) / 4611686018427387904.0)', type: { kind: 'float' }, nullable: false }),
  },
  octet_length: {
    arity: [1, 1],
    translate: (args) => ({ sql: `octet_length(${typed('octet_length', args, 0, 'text', 'binary')})`, type: int64 }),
  },
}
