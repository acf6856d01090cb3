import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import { isObject, variantOf } from '../parse/tree.ts'
import {
  binary,
  bool,
  date,
  float,
  int32,
  int64,
  plainTimestamp,
  type SqlType,
  text,
  timestamp,
  typeName,
  u32,
  u64,
} from '../sql-type.ts'
import { coerce, DAY_MS, dayOf, textOf } from './coerce.ts'
import type { Expression } from './expression.ts'

const TYPES: Readonly<Record<string, SqlType>> = {
  Date: date,
  Boolean: bool,
  Bool: bool,
  TinyInt: int32,
  SmallInt: int32,
  Int2: int32,
  Int: int32,
  Int4: int32,
  Integer: int32,
  BigInt: int64,
  Int8: int64,
  IntUnsigned: u32,
  IntegerUnsigned: u32,
  BigIntUnsigned: u64,
  Real: float,
  Float: float,
  Float4: float,
  Float8: float,
  Double: float,
  DoublePrecision: float,
  Numeric: float,
  Decimal: float,
  Text: text,
  String: text,
  Varchar: text,
  CharVarying: text,
  CharacterVarying: text,
  Char: text,
  Bytea: binary,
  Binary: binary,
  Varbinary: binary,
}

/** The type that a query names after AS or `::`. */
export function namedType(node: unknown): SqlType {
  const { tag, body } = variantOf(node)
  if (tag === 'Timestamp') {
    const hasZone = Array.isArray(body) && (body[1] === 'WithTimeZone' || body[1] === 'Tz')
    return hasZone ? timestamp : plainTimestamp
  }
  const type = Object.hasOwn(TYPES, tag) ? TYPES[tag] : undefined
  if (type !== undefined) return type
  throw new QueryUnsupported(
    `CAST to ${isObject(node) || typeof node === 'string' ? tag : 'this type'} is not supported`,
  )
}

/** Names of types as `arrow_typeof` gives them, for `arrow_cast`. */
export function arrowType(name: string): SqlType {
  const [first] = [bool, int32, int64, u32, u64, float, text, binary, date, timestamp, plainTimestamp].filter(
    (type) => typeName(type) === name,
  )
  if (first !== undefined) return first
  if (name === 'LargeUtf8' || name === 'Utf8View') return { kind: 'text', large: true }
  if (name === 'LargeBinary' || name === 'BinaryView') return { kind: 'binary', large: true }
  if (/^Timestamp\(/.test(name)) return name.includes('+00:00') || name.includes('UTC') ? timestamp : plainTimestamp
  throw new QueryUnsupported(`arrow_cast to ${name} is not supported`)
}

/** CAST, or TRY_CAST, which gives NULL for what cannot be. The result has the name of what is cast, as in the peer. */
export function castTo(expression: Expression, type: SqlType, isTry: boolean): Expression {
  return { sql: castSql(expression, type, isTry), type, name: expression.name, nullable: expression.nullable || isTry }
}

function castSql(expression: Expression, type: SqlType, isTry: boolean): string {
  const { sql, type: from } = expression
  const strict = isTry ? 0 : 1
  if (from.kind === 'null') return 'NULL'
  switch (type.kind) {
    case 'text':
      return textOf(expression)
    case 'int':
      if (from.kind === 'int' || from.kind === 'bool' || from.kind === 'timestamp' || from.kind === 'duration')
        return sql
      if (from.kind === 'wide') return `CAST(${sql} AS INTEGER)`
      if (from.kind === 'date') return `(${sql} / ${DAY_MS})`
      if (from.kind === 'float') return `CAST(${sql} AS INTEGER)`
      if (from.kind === 'text') return `x_int_of_text(${sql}, ${strict})`
      break
    case 'float':
      if (from.kind === 'text') return `x_float_of_text(${sql}, ${strict})`
      if (from.kind === 'int' || from.kind === 'float' || from.kind === 'wide') return `CAST(${sql} AS REAL)`
      break
    case 'bool':
      if (from.kind === 'bool') return sql
      if (from.kind === 'int' || from.kind === 'float') return `(${sql} <> 0)`
      if (from.kind === 'text') return `x_bool_of_text(${sql}, ${strict})`
      break
    case 'timestamp':
      if (from.kind === 'timestamp' || from.kind === 'date' || from.kind === 'int') return sql
      if (from.kind === 'text') return isTry ? `x_try_parse_timestamp(${sql})` : coerce(expression, type)
      break
    case 'date':
      if (from.kind === 'date') return sql
      if (from.kind === 'timestamp') return dayOf(sql)
      if (from.kind === 'int') return `(${sql} * ${DAY_MS})`
      if (from.kind === 'text') return isTry ? dayOf(`x_try_parse_timestamp(${sql})`) : coerce(expression, type)
      break
    case 'binary':
      if (from.kind === 'binary') return sql
      if (from.kind === 'text') return `CAST(${sql} AS BLOB)`
  }
  throw new QueryInvalid(`Error during planning: Unsupported CAST from ${typeName(from)} to ${typeName(type)}`)
}
