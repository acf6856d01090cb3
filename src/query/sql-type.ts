/**
 * The types of SQL values, as the peer's engine has them, and how SQLite holds their values:
 *
 * | type                | in SQLite                                                    |
 * | ------------------- | ------------------------------------------------------------ |
 * | bool                | 0, 1                                                         |
 * | int                 | INTEGER                                                      |
 * | wide                | TEXT of 20 digits: 64 bits without sign, which SQLite lacks  |
 * | float               | REAL                                                         |
 * | text                | TEXT                                                         |
 * | binary              | BLOB                                                         |
 * | timestamp, duration | INTEGER, milliseconds                                        |
 * | date                | INTEGER, milliseconds of its midnight                        |
 * | interval            | TEXT, as it is shown; literals only                          |
 * | list                | TEXT, a JSON array                                           |
 * | json                | TEXT, the JSON value that `->` leads to                      |
 */
export type SqlType =
  | { readonly kind: 'null' | 'bool' | 'wide' | 'float' | 'interval' | 'json' }
  | { readonly kind: 'date' }
  | { readonly kind: 'int'; readonly arrow: 'Int32' | 'Int64' | 'UInt32' | 'UInt64' }
  | { readonly kind: 'text'; readonly large: boolean }
  | { readonly kind: 'binary'; readonly large: boolean }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly utc: boolean }
  | { readonly kind: 'duration'; readonly unit: TimeUnit }
  | { readonly kind: 'list'; readonly of: ListItem }

/** Precision that the type claims; values have milliseconds. */
export type TimeUnit = 'ms' | 'ns'

export type ListItem = 'text' | 'u32' | 'int' | 'float' | 'bool'

export type SqlTypeKind = SqlType['kind']

export const nullType: SqlType = { kind: 'null' }
export const bool: SqlType = { kind: 'bool' }
export const int32: SqlType = { kind: 'int', arrow: 'Int32' }
export const int64: SqlType = { kind: 'int', arrow: 'Int64' }
export const u32: SqlType = { kind: 'int', arrow: 'UInt32' }
export const u64: SqlType = { kind: 'int', arrow: 'UInt64' }
export const wide: SqlType = { kind: 'wide' }
export const float: SqlType = { kind: 'float' }
/** Text as the catalogue's tables have it. */
export const largeText: SqlType = { kind: 'text', large: true }
/** Text of literals and of information_schema. */
export const text: SqlType = { kind: 'text', large: false }
export const largeBinary: SqlType = { kind: 'binary', large: true }
export const binary: SqlType = { kind: 'binary', large: false }
/** Timestamps of the catalogue: milliseconds, UTC. */
export const timestamp: SqlType = { kind: 'timestamp', unit: 'ms', utc: true }
/** What `now()` and timestamp literals are in the peer: without a zone. */
export const plainTimestamp: SqlType = { kind: 'timestamp', unit: 'ns', utc: false }
export const date: SqlType = { kind: 'date' }
export const duration: SqlType = { kind: 'duration', unit: 'ms' }
export const interval: SqlType = { kind: 'interval' }
export const textList: SqlType = { kind: 'list', of: 'text' }
export const u32List: SqlType = { kind: 'list', of: 'u32' }
export const jsonValue: SqlType = { kind: 'json' }

/** The type as `information_schema.columns` and error texts name it. */
export function typeName(type: SqlType): string {
  switch (type.kind) {
    case 'null':
      return 'Null'
    case 'bool':
      return 'Boolean'
    case 'int':
      return type.arrow
    case 'wide':
      return 'UInt64'
    case 'float':
      return 'Float64'
    case 'text':
      return type.large ? 'LargeUtf8' : 'Utf8'
    case 'binary':
      return type.large ? 'LargeBinary' : 'Binary'
    case 'timestamp':
      return type.utc ? `Timestamp(${type.unit}, "+00:00")` : `Timestamp(${type.unit})`
    case 'date':
      return 'Date32'
    case 'duration':
      return `Duration(${type.unit})`
    case 'interval':
      return 'Interval(MonthDayNano)'
    case 'json':
      return 'Union'
    case 'list':
      return `List(${LIST_ITEM_NAMES[type.of]})`
  }
}

const LIST_ITEM_NAMES: Readonly<Record<ListItem, string>> = {
  text: 'LargeUtf8',
  u32: 'UInt32',
  int: 'Int64',
  float: 'Float64',
  bool: 'Boolean',
}
