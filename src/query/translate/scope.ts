import { QueryInvalid } from '../../errors/query.ts'
import { type Expression, type Field, fieldName, quotedName } from './expression.ts'

/** The columns that can be named at a place of a query: first those of its own FROM, then those around it. */
export class Scope {
  readonly fields: readonly Field[]
  readonly parent: Scope | undefined

  constructor(fields: readonly Field[], parent: Scope | undefined) {
    this.fields = fields
    this.parent = parent
  }

  /** @throws QueryInvalid, 500 as the peer, if there is no such column or more than one. */
  resolve(path: readonly string[]): Field {
    const found = this.find(path)
    if (found !== undefined) return found
    const valid = this.fields.map((field) => fieldName(field)).join(', ')
    const name = path.map(quotedName).join('.')
    throw new QueryInvalid(`Schema error: No field named ${name}.${valid === '' ? '' : ` Valid fields are ${valid}.`}`)
  }

  find(path: readonly string[]): Field | undefined {
    const name = path.at(-1)
    // Catalogue and schema in front of a table's name say nothing: there is one that has columns.
    const qualifier = path.at(-2)
    const own = this.fields.filter((field) =>
      qualifier === undefined
        ? field.name === name && field.isMerged === undefined
        : field.name === name && isQualifier(field.qualifier, qualifier),
    )
    if (own.length > 1) throw new QueryInvalid(`Schema error: Ambiguous reference to field ${quotedName(name ?? '')}`)
    return own[0] ?? this.parent?.find(path)
  }
}

export function fieldExpression(field: Field): Expression {
  return { sql: field.sql, type: field.type, name: fieldName(field), nullable: field.nullable, field }
}

/** Tables of information_schema have it in their qualifier. */
function isQualifier(known: string | undefined, named: string): boolean {
  return known === named || known === `information_schema.${named}`
}
