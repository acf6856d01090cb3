import { binary, bool, int32, int64, largeText, type SqlType, text } from '../sql-type.ts'
import { textOf } from './coerce.ts'
import type { Expression } from './expression.ts'
import { argument, type ScalarFunction, typed } from './scalar-function.ts'

/** Text in, text out, of the same width. */
function ofText(name: string, sqlite: string, ...others: readonly ('text' | 'int')[]): ScalarFunction {
  return {
    arity: [1 + others.length, 1 + others.length],
    translate(args) {
      const rest = others.map((kind, place) => typed(name, args, place + 1, kind))
      return { sql: `${sqlite}(${[typed(name, args, 0, 'text'), ...rest].join(', ')})`, type: likeFirst(args) }
    },
  }
}

/** The same with a type of its own. */
function measure(name: string, sqlite: string, type: SqlType, ...others: readonly ('text' | 'int')[]): ScalarFunction {
  const { arity, translate } = ofText(name, sqlite, ...others)
  return { arity, translate: (args, context) => ({ ...translate(args, context), type }) }
}

function likeFirst(args: readonly Expression[]): SqlType {
  const { type } = argument(args, 0)
  return type.kind === 'text' ? type : text
}

function trim(name: string, sqlite: string): ScalarFunction {
  return {
    arity: [1, 2],
    shownAs: name,
    translate(args) {
      const what = args.length === 2 ? `, ${typed(name, args, 1, 'text')}` : ''
      return { sql: `${sqlite}(${typed(name, args, 0, 'text')}${what})`, type: likeFirst(args) }
    },
  }
}

function pad(name: string): ScalarFunction {
  return {
    arity: [2, 3],
    translate(args) {
      const fill = args.length === 3 ? typed(name, args, 2, 'text') : `' '`
      return {
        sql: `x_${name}(${typed(name, args, 0, 'text')}, ${typed(name, args, 1, 'int')}, ${fill})`,
        type: likeFirst(args),
      }
    },
  }
}

const substr: ScalarFunction = {
  arity: [2, 3],
  shownAs: 'substr',
  translate(args) {
    const length = args.length === 3 ? typed('substr', args, 2, 'int') : 'NULL'
    return {
      sql: `x_substr(${typed('substr', args, 0, 'text')}, ${typed('substr', args, 1, 'int')}, ${length}, ${args.length})`,
      type: likeFirst(args),
    }
  },
}

const charLength: ScalarFunction = { ...measure('character_length', 'length', int64), shownAs: 'character_length' }

const isLargeBinary = (arg: Expression | undefined) => arg?.type.kind === 'binary' && arg.type.large

const isAnyLarge = (args: readonly Expression[]) => args.some(({ type }) => type.kind === 'text' && type.large)

export const textFunctions: Readonly<Record<string, ScalarFunction>> = {
  lower: ofText('lower', 'x_lower'),
  upper: ofText('upper', 'x_upper'),
  initcap: ofText('initcap', 'x_initcap'),
  reverse: ofText('reverse', 'x_reverse'),
  repeat: ofText('repeat', 'x_repeat', 'int'),
  left: ofText('left', 'x_left', 'int'),
  right: ofText('right', 'x_right', 'int'),
  replace: ofText('replace', 'replace', 'text', 'text'),
  split_part: ofText('split_part', 'x_split_part', 'text', 'int'),
  lpad: pad('lpad'),
  rpad: pad('rpad'),
  trim: trim('btrim', 'trim'),
  btrim: trim('btrim', 'trim'),
  ltrim: trim('ltrim', 'ltrim'),
  rtrim: trim('rtrim', 'rtrim'),
  substr,
  substring: substr,
  char_length: { ...charLength, shownAs: 'char_length' },
  character_length: charLength,
  length: { ...charLength, shownAs: 'length' },
  starts_with: measure('starts_with', 'x_starts_with', bool, 'text'),
  ends_with: measure('ends_with', 'x_ends_with', bool, 'text'),
  contains: measure('contains', 'x_contains', bool, 'text'),
  strpos: measure('strpos', 'instr', int64, 'text'),
  instr: { ...measure('instr', 'instr', int64, 'text'), shownAs: 'instr' },
  ascii: measure('ascii', 'unicode', int32),
  chr: { arity: [1, 1], translate: (args) => ({ sql: `char(${typed('chr', args, 0, 'int')})`, type: text }) },
  concat: {
    arity: [1, 100],
    translate: (args) => ({
      sql: `concat(${args.map(textOf).join(', ')})`,
      type: isAnyLarge(args) ? largeText : text,
      nullable: false,
    }),
  },
  concat_ws: {
    arity: [2, 100],
    translate: (args) => ({
      sql: `concat_ws(${args.map(textOf).join(', ')})`,
      type: isAnyLarge(args) ? largeText : text,
    }),
  },
  md5: {
    arity: [1, 1],
    translate: (args) => ({ sql: `x_digest('md5', ${typed('md5', args, 0, 'text', 'binary')})`, type: text }),
  },
  translate: ofText('translate', 'x_translate', 'text', 'text'),
  substr_index: ofText('substr_index', 'x_substr_index', 'text', 'int'),
  find_in_set: measure('find_in_set', 'x_find_in_set', int32, 'text'),
  levenshtein: measure('levenshtein', 'x_levenshtein', int32, 'text'),
  bit_length: {
    arity: [1, 1],
    translate: (args) => ({ sql: `(8 * octet_length(${typed('bit_length', args, 0, 'text')}))`, type: int32 }),
  },
  to_hex: {
    arity: [1, 1],
    translate: (args) => ({ sql: `format('%x', ${typed('to_hex', args, 0, 'int')})`, type: text }),
  },
  sha224: digest('sha224'),
  sha256: digest('sha256'),
  sha384: digest('sha384'),
  sha512: digest('sha512'),
  encode: {
    arity: [2, 2],
    translate: (args) => ({
      sql: `x_encode(${typed('encode', args, 0, 'text', 'binary')}, ${typed('encode', args, 1, 'text')})`,
      type: isAnyLarge(args.slice(0, 1)) || isLargeBinary(args[0]) ? largeText : text,
    }),
  },
  decode: {
    arity: [2, 2],
    translate: (args) => ({
      sql: `x_decode(${typed('decode', args, 0, 'text', 'binary')}, ${typed('decode', args, 1, 'text')})`,
      type: binary,
    }),
  },
}

function digest(name: string): ScalarFunction {
  return {
    arity: [1, 1],
    translate: (args) => ({
      sql: `unhex(x_digest('${name}', ${typed(name, args, 0, 'text', 'binary')}))`,
      type: binary,
    }),
  }
}
