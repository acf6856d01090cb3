import { isInvocationId } from '../../protocol/ids.ts'
import type { Expression, Hints } from './expression.ts'

type Part = { readonly hints?: Hints }

/** Of `=` with one value, and of IN with many. */
export function hintsOfEquals(left: Expression, values: readonly Expression[]): Part {
  const { origin } = left.field ?? {}
  if (origin === undefined) return {}
  const literals = values.map(({ literal }) => literal).filter((literal) => typeof literal === 'string')
  if (literals.length !== values.length) return {}
  const { column, alias } = origin
  if (column.isInvocationId) {
    const hasBadId = literals.some((literal) => !isInvocationId(literal))
    return { hints: { byId: [alias], ...(hasBadId && { hasBadId }) } }
  }
  const { stored } = column
  if (stored?.kind !== 'status') return {}
  const words = literals.map((literal) => stored.words(literal)?.word)
  return words.every((word) => word !== undefined && word !== 'completed') ? { hints: { open: [alias] } } : {}
}

/** Of `<>` with one value, and of NOT IN with many. */
export function hintsOfUnequal(left: Expression, values: readonly Expression[]): Part {
  const { origin } = left.field ?? {}
  const isOpen = origin?.column.stored?.kind === 'status' && values.some(({ literal }) => literal === 'completed')
  return isOpen ? { hints: { open: [origin.alias] } } : {}
}

export function hintsOfAnd({ hints: a = {} }: Part, { hints: b = {} }: Part): Part {
  return hintsOf({
    hasBadId: a.hasBadId === true || b.hasBadId === true,
    open: [...(a.open ?? []), ...(b.open ?? [])],
    byId: [...(a.byId ?? []), ...(b.byId ?? [])],
  })
}

/** What holds on both sides. A bad id is an error on either. */
export function hintsOfOr({ hints: a = {} }: Part, { hints: b = {} }: Part): Part {
  return hintsOf({
    hasBadId: a.hasBadId === true || b.hasBadId === true,
    open: (a.open ?? []).filter((alias) => b.open?.includes(alias)),
    byId: (a.byId ?? []).filter((alias) => b.byId?.includes(alias)),
  })
}

function hintsOf({
  hasBadId,
  open,
  byId,
}: {
  hasBadId: boolean
  open: readonly string[]
  byId: readonly string[]
}): Part {
  if (!hasBadId && open.length === 0 && byId.length === 0) return {}
  return { hints: { open, byId, ...(hasBadId && { hasBadId }) } }
}
