import { QueryInvalid, QueryUnsupported } from '../../errors/query.ts'
import { fieldsOf, identifierOf, listOf, variantOf } from '../parse/tree.ts'
import { bool, type SqlType } from '../sql-type.ts'
import { type ArithmeticOperator, calculate, concatenate } from './arithmetic.ts'
import { castTo, namedType } from './cast.ts'
import { coerce, commonType } from './coerce.ts'
import { between, type ComparisonOperator, compare, inList, operands } from './comparison.ts'
import type { Context } from './context.ts'
import { type Expression, fieldName } from './expression.ts'
import { callFunction, translateFunction } from './function-call.ts'
import { hintsOfAnd, hintsOfOr } from './hints.ts'
import {
  intervalOf,
  numberLiteral,
  textLiteral,
  timestampLiteral,
  translateInterval,
  translateValue,
  typedText,
} from './literal.ts'
import { translateLike } from './pattern.ts'
import { predicate } from './predicate.ts'
import { matchRegexp, REGEXP_OPERATORS } from './regexp-functions.ts'
import { fieldExpression } from './scope.ts'

/** Translates one expression of the tree; what it does not know it refuses. */
export function translateExpression(node: unknown, context: Context): Expression {
  const looseBefore = context.grouping?.loose.length ?? 0
  const expression = translateNode(node, context)
  // What is grouped by may be named, and so may everything in it.
  if (context.grouping?.keys.has(expression.sql)) context.grouping.loose.length = looseBefore
  return expression
}

function translateNode(node: unknown, context: Context): Expression {
  const { tag, body } = variantOf(node)
  const translate = (each: unknown) => translateExpression(each, context)
  switch (tag) {
    case 'Identifier':
      return column([identifierOf(body)], context)
    case 'CompoundIdentifier':
      return column(listOf(body).map(identifierOf), context)
    case 'Value':
      return translateValue(body)
    case 'TypedString':
      return typed(body)
    case 'Interval':
      return translateInterval(body)
    case 'Nested':
      return translate(body)
    case 'BinaryOp':
      return binaryOperation(body, context)
    case 'UnaryOp':
      return unaryOperation(body, context)
    case 'IsNull':
    case 'IsUnknown':
      return test(translate(body), 'IS NULL', tag === 'IsNull' ? 'IS NULL' : 'IS UNKNOWN')
    case 'IsNotNull':
    case 'IsNotUnknown':
      return test(translate(body), 'IS NOT NULL', tag === 'IsNotNull' ? 'IS NOT NULL' : 'IS NOT UNKNOWN')
    case 'IsTrue':
      return test(predicate(translate(body)), 'IS TRUE')
    case 'IsNotTrue':
      return test(predicate(translate(body)), 'IS NOT TRUE')
    case 'IsFalse':
      return test(predicate(translate(body)), 'IS FALSE')
    case 'IsNotFalse':
      return test(predicate(translate(body)), 'IS NOT FALSE')
    case 'IsDistinctFrom':
    case 'IsNotDistinctFrom': {
      const [left, right] = listOf(body).map(translate)
      if (left === undefined || right === undefined) throw new QueryUnsupported(`This form of ${tag} is not supported`)
      return compare(tag === 'IsDistinctFrom' ? 'IS DISTINCT FROM' : 'IS NOT DISTINCT FROM', left, right)
    }
    case 'InList': {
      const fields = fieldsOf(body, 'IN', ['expr', 'list', 'negated'])
      return inList(translate(fields.expr), listOf(fields.list).map(translate), fields.negated === true)
    }
    case 'InSubquery':
      return inSubquery(body, context)
    case 'Exists': {
      const fields = fieldsOf(body, 'EXISTS', ['subquery', 'negated'])
      const query = context.translateQuery(fields.subquery, inner(context))
      const not = fields.negated === true ? 'NOT ' : ''
      return { sql: `(${not}EXISTS (${query.sql}))`, type: bool, name: `${not}EXISTS`, nullable: false }
    }
    case 'Subquery':
      return scalarSubquery(body, context)
    case 'Between': {
      const fields = fieldsOf(body, 'BETWEEN', ['expr', 'negated', 'low', 'high'])
      return between(translate(fields.expr), translate(fields.low), translate(fields.high), fields.negated === true)
    }
    case 'Like':
      return translateLike(body, context, false)
    case 'ILike':
      return translateLike(body, context, true)
    case 'SimilarTo': {
      const fields = fieldsOf(body, 'SIMILAR TO', ['negated', 'expr', 'pattern'])
      const isNegated = fields.negated === true
      const sign = isNegated ? 'NOT SIMILAR TO' : 'SIMILAR TO'
      return matchRegexp({ sign, isCaseless: false, isNegated }, translate(fields.expr), translate(fields.pattern))
    }
    case 'AnyOp':
      return anyOf(body, context)
    case 'Array': {
      const fields = fieldsOf(body, 'an array', ['elem', 'named'])
      return callFunction('make_array', listOf(fields.elem).map(translate), context)
    }
    case 'CompoundFieldAccess':
      return subscripts(body, context)
    case 'Case':
      return translateCase(body, context)
    case 'Cast': {
      const fields = fieldsOf(body, 'CAST', ['kind', 'expr', 'data_type'])
      const value = translate(fields.expr)
      if (variantOf(fields.data_type).tag === 'Interval') return intervalOf(value)
      return castTo(value, namedType(fields.data_type), fields.kind === 'TryCast')
    }
    case 'Function':
      return translateFunction(body, context)
    case 'Substring': {
      const fields = fieldsOf(body, 'SUBSTRING', ['expr', 'substring_from', 'substring_for', 'special', 'shorthand'])
      const parts = [fields.expr, fields.substring_from, fields.substring_for].filter(
        (part) => part !== undefined && part !== null,
      )
      return callFunction('substr', parts.map(translate), context)
    }
    case 'Trim':
      return trim(body, context)
    case 'Position': {
      const fields = fieldsOf(body, 'POSITION', ['expr', 'in'])
      return callFunction('strpos', [translate(fields.in), translate(fields.expr)], context)
    }
    case 'Ceil':
    case 'Floor':
      return callFunction(tag.toLowerCase(), [translate(fieldsOf(body, tag, ['expr', 'field']).expr)], context)
    default:
      throw new QueryUnsupported(`Expressions of kind ${tag} are not supported`)
  }
}

function column(path: readonly string[], context: Context): Expression {
  const alias = path.length === 1 ? context.aliases?.get(path[0] ?? '') : undefined
  if (alias !== undefined && (context.aliasesFirst === true || context.scope.find(path) === undefined)) return alias
  const field = context.scope.resolve(path)
  context.grouping?.loose.push(fieldName(field))
  return fieldExpression(field)
}

function typed(node: unknown): Expression {
  const { dataType, value } = typedText(node)
  const type = namedType(dataType)
  return type.kind === 'timestamp' ? { ...timestampLiteral(value), type } : castTo(textLiteral(value), type, false)
}

const COMPARISONS: Readonly<Record<string, ComparisonOperator>> = {
  Eq: '=',
  NotEq: '<>',
  Lt: '<',
  LtEq: '<=',
  Gt: '>',
  GtEq: '>=',
}

const ARITHMETIC: Readonly<Record<string, ArithmeticOperator>> = {
  Plus: '+',
  Minus: '-',
  Multiply: '*',
  Divide: '/',
  Modulo: '%',
}

const JSON_OPERATORS: Readonly<Record<string, string>> = {
  Arrow: 'json_get',
  LongArrow: 'json_as_text',
  Question: 'json_contains',
}

const JSON_SIGNS: Readonly<Record<string, string>> = { Arrow: '->', LongArrow: '->>', Question: '?' }

function shownOperand({ literal, name }: Expression): string {
  return typeof literal === 'string' ? `'${literal}'` : typeof literal === 'number' ? String(literal) : name
}

function binaryOperation(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'an operator', ['left', 'op', 'right'])
  const { tag } = variantOf(fields.op)
  const left = context.translate(fields.left, context)
  const right = context.translate(fields.right, context)
  const comparison = Object.hasOwn(COMPARISONS, tag) ? COMPARISONS[tag] : undefined
  if (comparison !== undefined) return compare(comparison, left, right)
  const arithmetic = Object.hasOwn(ARITHMETIC, tag) ? ARITHMETIC[tag] : undefined
  if (arithmetic !== undefined) return calculate(arithmetic, left, right)
  const regexp = Object.hasOwn(REGEXP_OPERATORS, tag) ? REGEXP_OPERATORS[tag] : undefined
  if (regexp !== undefined) return matchRegexp(regexp, left, right)
  if (tag === 'StringConcat') return concatenate(left, right)
  if (tag === 'And' || tag === 'Or') {
    const word = tag.toUpperCase()
    return {
      sql: `(${predicate(left).sql} ${word} ${predicate(right).sql})`,
      type: bool,
      name: `${left.name} ${word} ${right.name}`,
      nullable: left.nullable || right.nullable,
      ...(tag === 'And' ? hintsOfAnd(left, right) : hintsOfOr(left, right)),
    }
  }
  const json = Object.hasOwn(JSON_OPERATORS, tag) ? JSON_OPERATORS[tag] : undefined
  if (json !== undefined) {
    const shown = `${shownOperand(left)} ${JSON_SIGNS[tag]} ${shownOperand(right)}`
    return { ...callFunction(json, [left, right], context), name: shown }
  }
  throw new QueryUnsupported(`The operator ${tag} is not supported`)
}

function unaryOperation(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'an operator', ['op', 'expr'])
  const { tag } = variantOf(fields.op)
  const operand = context.translate(fields.expr, context)
  switch (tag) {
    case 'Not':
      return {
        sql: `(NOT ${predicate(operand).sql})`,
        type: bool,
        name: `NOT ${operand.name}`,
        nullable: operand.nullable,
      }
    case 'Plus':
      return operand
    case 'Minus': {
      if (typeof operand.literal === 'number') {
        return numberLiteral(operand.sql.startsWith('-') ? operand.sql.slice(1) : `-${operand.sql}`)
      }
      const { type, interval } = operand
      // Too large for a number with a sign, unless it is the smallest of them.
      if (/^'\d{20}'$/.test(operand.sql)) return numberLiteral(`-${BigInt(operand.sql.slice(1, -1))}`)
      if (interval !== undefined) {
        return {
          ...operand,
          interval: { months: -interval.months, days: -interval.days, ms: -interval.ms },
          name: `(- ${operand.name})`,
        }
      }
      if (type.kind !== 'int' && type.kind !== 'float' && type.kind !== 'null') {
        throw new QueryInvalid('Error during planning: Negation only supports numeric, interval and timestamp types')
      }
      const isUnsigned = type.kind === 'int' && type.arrow.startsWith('U')
      const resultType: SqlType = isUnsigned ? { kind: 'int', arrow: 'Int64' } : type
      return { sql: `(-${operand.sql})`, type: resultType, name: `(- ${operand.name})`, nullable: operand.nullable }
    }
    default:
      throw new QueryUnsupported(`The operator ${tag} is not supported`)
  }
}

function test({ sql, name }: Expression, operator: string, shown = operator): Expression {
  return { sql: `(${sql} ${operator})`, type: bool, name: `${name} ${shown}`, nullable: false }
}

function translateCase(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'CASE', ['operand', 'conditions', 'else_result'])
  const operand =
    fields.operand === undefined || fields.operand === null ? undefined : context.translate(fields.operand, context)
  const branches = listOf(fields.conditions).map((branch) => {
    const { condition, result } = fieldsOf(branch, 'WHEN', ['condition', 'result'])
    return { when: context.translate(condition, context), result: context.translate(result, context) }
  })
  const hasElse = fields.else_result !== undefined && fields.else_result !== null
  const otherwise = hasElse ? context.translate(fields.else_result, context) : undefined
  const results = [...branches.map(({ result }) => result), ...(otherwise === undefined ? [] : [otherwise])]
  const type = commonType(results.map((each) => each.type))
  if (type === undefined) {
    throw new QueryInvalid('Error during planning: Failed to coerce then and else to a common type in CASE expression')
  }
  const whens = branches.map(({ when, result }) => {
    const condition = operand === undefined ? predicate(when).sql : operands(operand, when, '=').join(' = ')
    return `WHEN ${condition} THEN ${coerce(result, type)}`
  })
  const elseSql = otherwise === undefined ? '' : ` ELSE ${coerce(otherwise, type)}`
  const shownBranches = branches.map(({ when, result }) => `WHEN ${when.name} THEN ${result.name}`).join(' ')
  const shownElse = otherwise === undefined ? '' : ` ELSE ${otherwise.name}`
  return {
    sql: `CASE ${whens.join(' ')}${elseSql} END`,
    type,
    name: `CASE ${operand === undefined ? '' : `${operand.name} `}${shownBranches}${shownElse} END`,
    nullable: otherwise === undefined || results.some(({ nullable }) => nullable),
  }
}

function trim(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'TRIM', ['expr', 'trim_where', 'trim_what'])
  const where =
    fields.trim_where === undefined || fields.trim_where === null ? 'Both' : variantOf(fields.trim_where).tag
  const name = where === 'Leading' ? 'ltrim' : where === 'Trailing' ? 'rtrim' : 'btrim'
  const parts = [fields.expr, fields.trim_what].filter((part) => part !== undefined && part !== null)
  return callFunction(
    name,
    parts.map((part) => context.translate(part, context)),
    context,
  )
}

/** A query in an expression sees the columns around it, but is a query of its own. */
function inner(context: Context): Context {
  const { aliases: _aliases, aliasesFirst: _first, unnest: _unnest, ...rest } = context
  return { ...rest, grouping: undefined }
}

/** `value = ANY (…)` is IN, of a query or of an array; other operators do not stand before ANY. */
function anyOf(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'ANY', ['left', 'compare_op', 'right', 'is_some'])
  if (variantOf(fields.compare_op).tag !== 'Eq') throw new QueryUnsupported('Only = is supported before ANY')
  const { tag, body } = variantOf(fields.right)
  if (tag === 'Subquery') return inSubquery({ expr: fields.left, subquery: body, negated: false }, context)
  const array = tag === 'Nested' ? variantOf(body) : { tag, body }
  if (array.tag !== 'Array') throw new QueryUnsupported('ANY needs a query or an array')
  const items = listOf(fieldsOf(array.body, 'an array', ['elem', 'named']).elem)
  return inList(
    context.translate(fields.left, context),
    items.map((item) => context.translate(item, context)),
    false,
  )
}

/** `list[1]` */
function subscripts(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'a subscript', ['root', 'access_chain'])
  return listOf(fields.access_chain).reduce(
    (value: Expression, access) => {
      const { tag, body } = variantOf(access)
      const index = tag === 'Subscript' ? variantOf(body) : undefined
      if (index?.tag !== 'Index') throw new QueryUnsupported('Only single items of lists can be accessed')
      const place = context.translate(fieldsOf(index.body, 'a subscript', ['index']).index, context)
      return { ...callFunction('array_element', [value, place], context), name: `${value.name}[${place.name}]` }
    },
    context.translate(fields.root, context),
  )
}

function inSubquery(node: unknown, context: Context): Expression {
  const fields = fieldsOf(node, 'IN', ['expr', 'subquery', 'negated'])
  const left = context.translate(fields.expr, context)
  const query = context.translateQuery(fields.subquery, inner(context))
  const [only] = query.fields
  if (only === undefined || query.fields.length > 1) throw tooManyColumns()
  const alias = context.newName('q')
  const right: Expression = { sql: `${alias}.c0`, type: only.type, name: only.name, nullable: only.nullable }
  const [l, r] = operands(left, right, 'IN')
  const isPlain = r === right.sql
  const not = fields.negated === true ? 'NOT ' : ''
  return {
    sql: `(${l} ${not}IN (${isPlain ? query.sql : `SELECT ${r} FROM (${query.sql}) AS ${alias}`}))`,
    type: bool,
    name: `${left.name} ${not}IN (<subquery>)`,
    nullable: true,
  }
}

function scalarSubquery(node: unknown, context: Context): Expression {
  const query = context.translateQuery(node, inner(context))
  const [only] = query.fields
  if (only === undefined || query.fields.length > 1) throw tooManyColumns()
  const name = only.qualifier === undefined ? only.name : fieldName(only)
  return { sql: `(${query.sql})`, type: only.type, name, nullable: true }
}

function tooManyColumns(): Error {
  return new QueryInvalid('Error during planning: Too many columns! The subquery should only return one column')
}
