import { bool, largeBinary, largeText, type SqlType, text, typeName, u32, u64 } from '../sql-type.ts'
import type { CatalogueTable, Column } from './table.ts'

const CATALOGUE = 'restate'
const SCHEMA = 'public'
const MAX_LENGTH = '9223372036854775807'

/** The tables that describe the others. They do not describe themselves, which the peer's do not either. */
export function informationSchema(tables: readonly CatalogueTable[]): CatalogueTable[] {
  const own = ['tables', 'views', 'columns', 'df_settings', 'schemata', 'routines', 'parameters']
  const named = [
    ...tables.map(({ name, kind }) => [CATALOGUE, SCHEMA, name, kind]),
    ...own.map((name) => [CATALOGUE, 'information_schema', name, 'VIEW']),
  ]
  const owner: readonly NamedType[] = [
    ['table_catalog', text],
    ['table_schema', text],
    ['table_name', text],
  ]
  return [
    view('tables', [...owner, ['table_type', text]], named),
    view(
      'views',
      [...owner, ['definition', text]],
      tables.map(({ name }) => [CATALOGUE, SCHEMA, name, undefined]),
    ),
    view('columns', [...owner, ...columnColumns], tables.flatMap(columnRows)),
    view('df_settings', ['name', 'value', 'description'].map(textColumn), []),
    view('schemata', schemataColumns, [[CATALOGUE, SCHEMA, ...Array<undefined>(5)]]),
    view('routines', routineColumns, []),
    view('parameters', parameterColumns, []),
  ]
}

type NamedType = readonly [name: string, type: SqlType]

/** Columns that the peer declares to be never NULL. */
const NOT_NULL: ReadonlySet<string> = new Set([
  ...['table_catalog', 'table_schema', 'table_name', 'table_type', 'column_name', 'ordinal_position', 'is_nullable'],
  ...['data_type', 'catalog_name', 'schema_name', 'name'],
])

const columnColumns: readonly NamedType[] = [
  ['column_name', text],
  ['ordinal_position', u64],
  ['column_default', text],
  ['is_nullable', text],
  ['data_type', text],
  ['character_maximum_length', u64],
  ['character_octet_length', u64],
  ['numeric_precision', u64],
  ['numeric_precision_radix', u64],
  ['numeric_scale', u64],
  ['datetime_precision', u64],
  ['interval_type', text],
]

const schemataColumns = [
  'catalog_name',
  'schema_name',
  'schema_owner',
  'default_character_set_catalog',
  'default_character_set_schema',
  'default_character_set_name',
  'sql_path',
].map(textColumn)

const routineColumns: readonly NamedType[] = [
  ...['specific_catalog', 'specific_schema', 'specific_name'].map(textColumn),
  ...['routine_catalog', 'routine_schema', 'routine_name', 'routine_type'].map(textColumn),
  ['is_deterministic', bool],
  ...['data_type', 'function_type', 'description', 'syntax_example'].map(textColumn),
]

const parameterColumns: readonly NamedType[] = [
  ...['specific_catalog', 'specific_schema', 'specific_name'].map(textColumn),
  ['ordinal_position', u64],
  ...['parameter_mode', 'parameter_name', 'data_type', 'parameter_default'].map(textColumn),
  ['is_variadic', bool],
  ['rid', u64],
]

function textColumn(name: string): NamedType {
  return [name, text]
}

function columnRows({ name, columns }: CatalogueTable) {
  return columns.map((column, position) => {
    const octets = column.type === largeText || column.type === largeBinary ? MAX_LENGTH : undefined
    const isNullable = name === 'sys_invocation' && column.name === 'status' ? 'NO' : 'YES'
    return [
      ...[CATALOGUE, SCHEMA, name, column.name, String(position), undefined, isNullable, typeName(column.type)],
      ...[
        undefined,
        octets,
        ...(column.type === u32 ? ['32', '2'] : [undefined, undefined]),
        undefined,
        undefined,
        undefined,
      ],
    ]
  })
}

function view(
  name: string,
  types: readonly NamedType[],
  rows: readonly (readonly (string | undefined)[])[],
): CatalogueTable {
  const columns: Column[] = types.map(([column, type], place) => ({
    name: column,
    type,
    ...(NOT_NULL.has(column) &&
      name !== 'routines' &&
      name !== 'parameters' && { notNull: true as const, isRequired: true as const }),
    sql: type.kind === 'int' ? `CAST(v.column${place + 1} AS INTEGER)` : `v.column${place + 1}`,
  }))
  const values = rows.map((row) => `(${row.map((value) => (value === undefined ? 'NULL' : `'${value}'`)).join(', ')})`)
  return {
    name: `information_schema.${name}`,
    kind: 'VIEW',
    columns: rows.length === 0 ? columns.map(({ sql: _sql, ...column }) => column) : columns,
    ...(rows.length > 0 && { from: `(VALUES ${values.join(', ')}) v` }),
  }
}
