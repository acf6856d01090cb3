import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import { bool, float, int64, type ListItem, largeText, type SqlType, u32, u64 } from '../sql-type.ts'
import { listOf } from './aggregate-functions.ts'
import { coerce, commonType } from './coerce.ts'
import type { Expression } from './expression.ts'
import { argument, type ScalarFunction, typed } from './scalar-function.ts'

const ITEM_TYPES: Readonly<Record<ListItem, SqlType>> = { text: largeText, u32, int: int64, float, bool }

/** What the items of a list are. */
export function itemType(list: Expression): SqlType {
  if (list.type.kind === 'list') return ITEM_TYPES[list.type.of]
  throw new QueryInvalid(`Error during planning: a list is needed, and ${list.name} is none`)
}

const makeArray: ScalarFunction = {
  arity: [0, 1000],
  translate(args) {
    const type = args.length === 0 ? int64 : commonType(args.map((each) => each.type))
    if (type === undefined) throw new QueryInvalid('Error during planning: the items of an array have no common type')
    const items = args.map((each) => coerce(each, type))
    return { sql: `json_array(${items.join(', ')})`, type: listOf(type), nullable: false }
  },
}

/** From 1, or from the end: -1 is the last. */
const element: ScalarFunction = {
  arity: [2, 2],
  translate(args) {
    const list = typed('array_element', args, 0, 'list')
    const place = typed('array_element', args, 1, 'int')
    const path = `iif(${place} > 0, '$[' || (${place} - 1) || ']', '$[#' || ${place} || ']')`
    return {
      sql: `iif(${place} = 0, NULL, json_extract(${list}, ${path}))`,
      type: itemType(argument(args, 0)),
      nullable: true,
    }
  },
}

const sort: ScalarFunction = {
  arity: [1, 3],
  translate(args) {
    const list = typed('array_sort', args, 0, 'list')
    const [direction = 'ASC', nulls = 'NULLS FIRST'] = args.slice(1).map(({ literal }) => String(literal).toUpperCase())
    if (!/^(?:ASC|DESC)$/.test(direction) || !/^NULLS (?:FIRST|LAST)$/.test(nulls)) {
      throw new QueryUnsupported("array_sort takes 'ASC' or 'DESC', and 'NULLS FIRST' or 'NULLS LAST'")
    }
    const sorted = `(SELECT json_group_array(e.value ORDER BY e.value ${direction} ${nulls}) FROM json_each(${list}) e)`
    return { sql: `iif(${list} IS NULL, NULL, ${sorted})`, type: argument(args, 0).type }
  },
}

const has: ScalarFunction = {
  arity: [2, 2],
  translate(args) {
    const list = typed('array_has', args, 0, 'list')
    return { sql: `EXISTS (SELECT 1 FROM json_each(${list}) e WHERE e.value = ${argument(args, 1).sql})`, type: bool }
  },
}

const length: ScalarFunction = {
  arity: [1, 1],
  translate: (args) => ({
    sql: `nullif(json_array_length(${typed('array_length', args, 0, 'list')}), 0)`,
    type: u64,
    nullable: true,
  }),
}

const toText: ScalarFunction = {
  arity: [2, 2],
  translate: (args) => ({
    sql: `(SELECT group_concat(e.value, ${typed('array_to_string', args, 1, 'text')}) FROM json_each(${typed('array_to_string', args, 0, 'list')}) e)`,
    type: { kind: 'text', large: false },
    nullable: true,
  }),
}

export const listFunctions: Readonly<Record<string, ScalarFunction>> = {
  make_array: makeArray,
  make_list: makeArray,
  array_element: element,
  array_extract: element,
  list_element: element,
  list_extract: element,
  array_sort: sort,
  list_sort: sort,
  array_has: has,
  array_contains: has,
  list_contains: has,
  list_has: has,
  array_length: length,
  list_length: length,
  array_to_string: toText,
  array_join: toText,
  cardinality: {
    arity: [1, 1],
    translate: (args) => ({ sql: `json_array_length(${typed('cardinality', args, 0, 'list')})`, type: u64 }),
  },
}
