import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import { fieldsOf, isObject, variantOf } from '../parse/tree.ts'
import { binary, bool, float, int64, interval, nullType, plainTimestamp, text, wide } from '../sql-type.ts'
import { parseTimestamp } from '../timestamp-text.ts'
import type { Expression } from './expression.ts'
import { intervalName, parseInterval, showInterval } from './interval.ts'
import { sqlText, wideText } from './sql-text.ts'

const MAX_INT = 2n ** 63n - 1n
const MAX_WIDE = 2n ** 64n - 1n

/** `{ Value: { value: … } }`: a number, a text, true, false, NULL. */
export function translateValue(node: unknown): Expression {
  const { tag, body } = variantOf(fieldsOf(node, 'a literal', ['value', 'span']).value)
  switch (tag) {
    case 'Number':
      return numberLiteral(String(Array.isArray(body) ? body[0] : body))
    case 'SingleQuotedString':
    case 'EscapedStringLiteral':
    case 'NationalStringLiteral':
      return textLiteral(String(body))
    case 'DollarQuotedString':
      return textLiteral(isObject(body) ? String(body.value) : '')
    case 'HexStringLiteral':
      return hexLiteral(String(body))
    case 'Boolean':
      return boolLiteral(body === true)
    case 'Null':
      return nullLiteral
    default:
      throw new QueryUnsupported(`Literals of kind ${tag} are not supported`)
  }
}

export const nullLiteral: Expression = { sql: 'NULL', type: nullType, name: 'NULL', nullable: true, literal: null }

export function textLiteral(value: string): Expression {
  return { sql: sqlText(value), type: text, name: `Utf8("${value}")`, nullable: false, literal: value }
}

export function boolLiteral(value: boolean): Expression {
  return { sql: value ? '1' : '0', type: bool, name: `Boolean(${value})`, nullable: false, literal: value }
}

export function timestampLiteral(value: string): Expression {
  return {
    sql: String(timestampMs(value)),
    type: plainTimestamp,
    name: `Utf8("${value}")`,
    nullable: false,
  }
}

/** @throws QueryInvalid if the text is no time. */
export function timestampMs(value: string): number {
  const ms = parseTimestamp(value)
  if (ms === undefined) throw new QueryInvalid(`Parser error: Error parsing timestamp from '${value}'`)
  return ms
}

/** `INTERVAL '3600 seconds'`, `INTERVAL '1' HOUR`. */
export function translateInterval(node: unknown): Expression {
  const fields = fieldsOf(node, 'INTERVAL', ['value', 'leading_field'])
  const value = translateIntervalText(fields.value)
  const unit =
    fields.leading_field === undefined || fields.leading_field === null
      ? undefined
      : variantOf(fields.leading_field).tag
  const parsed = parseInterval(value, unit)
  return {
    sql: sqlText(showInterval(parsed)),
    type: interval,
    name: intervalName(parsed),
    nullable: false,
    interval: parsed,
  }
}

/** `'1 hour'::interval` */
export function intervalOf({ literal, name }: Expression): Expression {
  if (typeof literal !== 'string') throw new QueryUnsupported('Only a text in quotes can be cast to an interval')
  const parsed = parseInterval(literal, undefined)
  return { sql: sqlText(showInterval(parsed)), type: interval, name, nullable: false, interval: parsed }
}

function translateIntervalText(node: unknown): string {
  const { tag, body } = variantOf(node)
  const { literal } = tag === 'Value' ? translateValue(body) : nullLiteral
  if (typeof literal === 'string' || typeof literal === 'number') return String(literal)
  throw new QueryUnsupported('An interval must be a text in quotes')
}

/** `TIMESTAMP '…'`; other types in front of a text are casts. */
export function typedText(node: unknown): { readonly dataType: unknown; readonly value: string } {
  const { data_type: dataType, value } = fieldsOf(node, 'a typed literal', ['data_type', 'value'])
  const { literal } = translateValue(value)
  return { dataType, value: String(literal) }
}

/** A number with its sign, as it is written. */
export function numberLiteral(digits: string): Expression {
  if (/^-?\d+$/.test(digits)) {
    const value = BigInt(digits)
    if (value >= -MAX_INT - 1n && value <= MAX_INT) {
      const literal = Number(value)
      return { sql: digits, type: int64, name: `Int64(${value})`, nullable: false, literal }
    }
    if (value > 0n && value <= MAX_WIDE) {
      return { sql: wideText(value), type: wide, name: `UInt64(${value})`, nullable: false }
    }
  }
  const value = Number(digits)
  if (!Number.isFinite(value)) throw new QueryInvalid(`${digits} is not a number that fits`)
  const sql = /[.e]/i.test(digits) ? digits : `${digits}.0`
  return { sql, type: float, name: `Float64(${value})`, nullable: false, literal: value }
}

function hexLiteral(digits: string): Expression {
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) throw new QueryInvalid(`x'${digits}' is not hexadecimal`)
  const bytes = [...Buffer.from(digits, 'hex')].join(',')
  return { sql: `x'${digits}'`, type: binary, name: `Binary("${bytes}")`, nullable: false }
}
