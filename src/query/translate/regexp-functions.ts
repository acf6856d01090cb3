import { bool, int64, largeText, type SqlType, textList } from '../sql-type.ts'
import { textOf } from './coerce.ts'
import type { Expression } from './expression.ts'
import { argument, type ScalarFunction, typed } from './scalar-function.ts'

/** A function whose arguments are texts and numbers; those that are not given have the SQL of `defaults`. */
function regexp(
  name: string,
  type: SqlType,
  kinds: readonly ('text' | 'int')[],
  defaults: readonly string[],
  nullable?: true,
): ScalarFunction {
  return {
    arity: [kinds.length - defaults.length, kinds.length],
    translate(args) {
      const given = args.map((_, place) => typed(name, args, place, kinds[place] ?? 'text'))
      const missing = kinds.length - args.length
      const rest = missing === 0 ? [] : defaults.slice(-missing)
      return { sql: `x_${name}(${[...given, ...rest].join(', ')})`, type, ...(nullable && { nullable }) }
    },
  }
}

export const regexpFunctions: Readonly<Record<string, ScalarFunction>> = {
  regexp_like: regexp('regexp_like', bool, ['text', 'text', 'text'], ["''"]),
  regexp_match: regexp('regexp_match', textList, ['text', 'text', 'text'], ["''"], true),
  regexp_replace: regexp('regexp_replace', largeText, ['text', 'text', 'text', 'text'], ["''"]),
  regexp_count: regexp('regexp_count', int64, ['text', 'text', 'int', 'text'], ['1', "''"]),
  regexp_instr: regexp('regexp_instr', int64, ['text', 'text', 'int', 'int'], ['1', '1']),
}

export interface RegexpOperator {
  readonly sign: string
  readonly isCaseless: boolean
  readonly isNegated: boolean
}

/** `~ ~* !~ !~*`. SIMILAR TO is the same as `~` in the peer. */
export const REGEXP_OPERATORS: Readonly<Record<string, RegexpOperator>> = {
  PGRegexMatch: { sign: '~', isCaseless: false, isNegated: false },
  PGRegexIMatch: { sign: '~*', isCaseless: true, isNegated: false },
  PGRegexNotMatch: { sign: '!~', isCaseless: false, isNegated: true },
  PGRegexNotIMatch: { sign: '!~*', isCaseless: true, isNegated: true },
}

export function matchRegexp(
  { sign, isCaseless, isNegated }: RegexpOperator,
  value: Expression,
  pattern: Expression,
): Expression {
  const operands = [value, pattern]
  for (const place of operands.keys()) typed(sign, operands, place, 'text', 'binary', 'json')
  const [text, source] = [0, 1].map((place) => textOf(argument(operands, place)))
  const match = `x_regexp_like(${text}, ${source}, '${isCaseless ? 'i' : ''}')`
  return {
    sql: isNegated ? `(NOT ${match})` : match,
    type: bool,
    name: `${value.name} ${sign} ${pattern.name}`,
    nullable: value.nullable || pattern.nullable,
  }
}
