import { init, parse } from '@guanmingchiu/sqlparser-ts'
import { QueryRefused, QueryTooComplex } from '../../errors/query.ts'

/** Deeper nesting is refused before the parser sees it: it is recursive, and so is what follows. */
const MAX_NESTING = 64

/** Operators and keywords of one statement; each may cost a level of the tree. */
const MAX_CHAINED = 2000

/** What the parser and its tokenizer say of a text; anything else is the end of the parser itself. */
const isVerdict = /^sql parser error|^Serialization error| at Line: \d+, Column: \d+$/

/** The parser has run out of its stack. Its memory is not to be trusted any more: the process has to end. */
export class ParserBroken extends QueryTooComplex {}

/** Prepares the parser, the one that the peer's engine uses. */
export async function loadParser(): Promise<void> {
  await init()
}

/** The statements of a text as the parser's tree: JSON whose shape only `tree.ts` trusts. */
export function parseSql(sql: string): readonly unknown[] {
  checkComplexity(sql)
  let statements: unknown
  try {
    statements = parse(sql, 'postgresql')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (isVerdict.test(reason)) throw new QueryRefused(`SQL error: ${reason}`, { cause: error })
    throw new ParserBroken(
      'The query is nested too deeply: chains of a few hundred operators are as much as there can be',
    )
  }
  return Array.isArray(statements) ? statements : []
}

/** Counts what makes trees deep. Brackets in texts and comments count too: that only refuses what is strange anyway. */
function checkComplexity(sql: string): void {
  let depth = 0
  for (const character of sql) {
    if (character === '(' || character === '[') depth += 1
    else if (character === ')' || character === ']') depth -= 1
    if (depth > MAX_NESTING) throw new QueryTooComplex(`The query is nested more than ${MAX_NESTING} levels deep`)
  }
  const chained =
    sql.match(/\b(?:and|or|not|union|except|intersect|case|join|is|select)\b|\|\||[-+*/%<>=~]+/gi)?.length ?? 0
  if (chained > MAX_CHAINED) throw new QueryTooComplex(`The query has more than ${MAX_CHAINED} operators and keywords`)
}
