import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import { fieldsOf } from '../parse/tree.ts'
import { bool, typeName } from '../sql-type.ts'
import { textOf } from './coerce.ts'
import type { Context } from './context.ts'
import type { Expression } from './expression.ts'
import { storedLike } from './stored-condition.ts'

/** LIKE and ILIKE. The backslash escapes, as in the peer; there is no other escape character. */
export function translateLike(node: unknown, context: Context, isCaseless: boolean): Expression {
  const word = isCaseless ? 'ILIKE' : 'LIKE'
  const fields = fieldsOf(node, word, ['negated', 'expr', 'pattern', 'escape_char', 'any'])
  const value = context.translate(fields.expr, context)
  const pattern = context.translate(fields.pattern, context)
  const escapeNode = fields.escape_char
  if (escapeNode !== undefined && escapeNode !== null && !JSON.stringify(escapeNode).includes('"\\\\"')) {
    throw new QueryUnsupported('LIKE does not support escape characters other than the backslash (\\)')
  }
  if (fields.any === true) throw new QueryUnsupported(`${word} ANY is not supported`)
  const text = textOperand(value, word)
  const like = textOperand(pattern, word)
  const needsEscape = typeof pattern.literal !== 'string' || pattern.literal.includes('\\')
  const condition = isCaseless
    ? `x_ilike(${text}, ${like})`
    : `${text} LIKE ${like}${needsEscape ? ` ESCAPE '\\'` : ''}`
  const isNegated = fields.negated === true
  return {
    sql: isNegated ? `(NOT (${condition}))` : isCaseless ? condition : storedLike(value, pattern, `(${condition})`),
    type: bool,
    name: `${value.name} ${isNegated ? 'NOT ' : ''}${word} ${pattern.name}`,
    nullable: value.nullable || pattern.nullable,
  }
}

/** Binary values match as the text that they are. */
function textOperand(operand: Expression, word: string): string {
  const { kind } = operand.type
  if (kind === 'text' || kind === 'null') return operand.sql
  if (kind === 'binary') return `CAST(${operand.sql} AS TEXT)`
  if (kind === 'json') return textOf(operand)
  throw new QueryInvalid(
    `Error during planning: There isn't a common type to coerce ${typeName(operand.type)} and Utf8 in ${word} expression`,
  )
}
