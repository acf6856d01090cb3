import type { SQLOutputValue } from 'node:sqlite'
import { QueryFailed } from '../../errors/query.ts'
import { numberOf, type SqlFunction, textOf } from './register.ts'
import { expandReplacement, regularExpression } from './regular-expression.ts'

/** What is made of a text by replacing must not fill the memory. */
const MAX_MADE_CHARACTERS = 1024 * 1024

/** `x_regexp_…(text, pattern, …, flags)`; NULL in, NULL out. */
export const regexpFunctions: Readonly<Record<string, SqlFunction>> = {
  x_regexp_like: (value, pattern, flags) =>
    onText([value, pattern, flags], ([text = '', source = '', wanted]) =>
      Number(regularExpression(source, wanted).test(text)),
    ),
  x_regexp_match: (value, pattern, flags) =>
    onText([value, pattern, flags], ([text = '', source = '', wanted]) => {
      const match = regularExpression(source, wanted).exec(text)
      if (match === null) return null
      const [whole, ...groups] = match
      return JSON.stringify(groups.length === 0 ? [whole] : groups.filter((group) => group !== undefined))
    }),
  x_regexp_replace: (value, pattern, replacement, flags) =>
    onText([value, pattern, replacement, flags], ([text = '', source = '', template = '', wanted = '']) =>
      replaced(text, source, template, wanted),
    ),
  x_regexp_count: (value, pattern, start, flags) =>
    onText([value, pattern, flags], ([text = '', source = '', wanted]) => {
      const from = offset(text, start)
      return from === undefined ? null : [...text.slice(from).matchAll(regularExpression(source, wanted))].length
    }),
  x_regexp_instr: (value, pattern, start, nth) =>
    onText([value, pattern], ([text = '', source = '']) => {
      const from = offset(text, start)
      const wanted = numberOf(nth)
      if (from === undefined || wanted === undefined) return null
      if (wanted < 1) throw new QueryFailed('Arrow error: Compute error: N must be 1 or greater')
      const match = [...text.slice(from).matchAll(regularExpression(source))][wanted - 1]
      return match === undefined ? 0 : [...text.slice(0, from + match.index)].length + 1
    }),
}

function onText(
  values: readonly (SQLOutputValue | undefined)[],
  run: (texts: readonly (string | undefined)[]) => number | string | null,
) {
  return values.some((value) => value === null) ? null : run(values.map(textOf))
}

function replaced(text: string, source: string, template: string, flags: string): string {
  const expression = regularExpression(source, flags.replaceAll('g', ''))
  let result = ''
  let end = 0
  for (const match of text.matchAll(expression)) {
    result += text.slice(end, match.index) + expandReplacement(template, match, match.groups)
    end = match.index + match[0].length
    if (result.length > MAX_MADE_CHARACTERS) {
      throw new QueryFailed(`Execution error: a function would make more than ${MAX_MADE_CHARACTERS} characters`)
    }
    if (!flags.includes('g')) break
  }
  return result + text.slice(end)
}

/** Where the character with this number begins, counted from 1. */
function offset(text: string, start: SQLOutputValue | undefined): number | undefined {
  const place = numberOf(start)
  if (place === undefined) return undefined
  if (place < 1) throw new QueryFailed('Arrow error: Compute error: the start must be 1 or greater')
  return [...text].slice(0, place - 1).join('').length
}
