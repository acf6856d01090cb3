import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { constants } from 'node:sqlite'
import fc from 'fast-check'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { allTables } from '../../src/query/catalogue/catalogue.ts'
import { loadParser, ParserBroken, parseSql } from '../../src/query/parse/sql-parser.ts'
import { QueryDatabase } from '../../src/query/process/database.ts'
import { type Plan, translateStatement } from '../../src/query/translate/statement.ts'
import { SampleStore } from '../query/sample-store.ts'
import { outcomeOf, target } from './target.ts'

const recorded: readonly { readonly sql: string }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../query/dialect.json'), 'utf8'),
)
const ofTheCli = readFileSync(join(import.meta.dirname, '../query/cli-sql.txt'), 'utf8')
  .split(/^-- .*\n/m)
  .map((text) => text.trim())
  .filter((text) => text !== '')
const corpus = [...recorded.map(({ sql }) => sql), ...ofTheCli].map(tokensOf)

/** Words that do harm where SQLite sees them. */
const harmful = [
  ...['ATTACH', 'DETACH', 'PRAGMA', 'VACUUM', 'DELETE', 'INSERT', 'DROP', 'CREATE', 'REPLACE', 'RETURNING', 'INTO'],
  ...['load_extension', 'readfile', 'writefile', 'fts3_tokenizer', 'sqlite_master', 'sqlite_schema', 'sqlite_dbpage'],
  ...['temp.live', 'main.invocation', 'invocation', 'state', 'deployment', 'journal', 'meta', 'pragma_table_info'],
  ...[';', '--', '/*', '*/', "'", '"', '`', '\\', '\u0000', '$$', 'x_now()', 'randomblob(1)', '?1', '$1', ':a'],
]
const ordinary = [
  ...['SELECT', 'FROM', 'WHERE', 'GROUP BY', 'HAVING', 'ORDER BY', 'LIMIT', 'UNION ALL', 'WITH', 'AS', 'OVER', 'JOIN'],
  ...['(', ')', ',', '*', '=', '<', 'LIKE', 'IN', 'NOT', 'NULL', 'CASE', 'WHEN', 'END', 'CAST', 'INTERVAL', 'EXISTS'],
  ...['sys_invocation', 'sys_journal', 'state', 'sys_deployment', 'id', 'status', 'count', '1', '-1', "'x'", '1e999'],
  ...['9223372036854775808', 'true', "x'00'", 'now()', 'RECURSIVE', 'VALUES', 'DISTINCT', 'generate_series(1, 9)'],
]

const change = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'delete', 'swap', 'repeat', 'graft'),
  at: fc.nat(),
  other: fc.nat(),
  word: fc.oneof(
    fc.constantFrom(...harmful),
    { weight: 2, arbitrary: fc.constantFrom(...ordinary) },
    fc.string({ maxLength: 6 }),
  ),
})
const queries = fc
  .tuple(fc.constantFrom(...corpus), fc.array(change, { maxLength: 5 }))
  .map(([tokens, changes]) => changes.reduce(changed, tokens).join(' '))

function changed(
  tokens: readonly string[],
  { kind, at, other, word }: { kind: string; at: number; other: number; word: string },
): readonly string[] {
  const place = at % (tokens.length + 1)
  switch (kind) {
    case 'replace':
      return tokens.toSpliced(place, 1, word)
    case 'insert':
      return tokens.toSpliced(place, 0, word)
    case 'delete':
      return tokens.toSpliced(place, 1 + (other % 4))
    case 'swap':
      return tokens.toSpliced(place, 1).toSpliced(other % (tokens.length + 1), 0, tokens[place] ?? '')
    case 'repeat':
      return tokens.toSpliced(place, 0, ...tokens.slice(place, place + (other % 12)))
    default: {
      const donor = corpus[other % corpus.length] ?? []
      return tokens.toSpliced(place, 0, ...donor.slice(at % donor.length))
    }
  }
}

function tokensOf(sql: string): readonly string[] {
  return sql.match(/'(?:[^']|'')*'|"[^"]*"|\w+|\s+|[^\w\s]/g)?.filter((token) => token.trim() !== '') ?? ['1']
}

await loadParser()
const store = await SampleStore.create()
process.on('exit', () => rmSync(dirname(store.file), { recursive: true, force: true }))
store.invocation()
const database = new QueryDatabase(store.file, 'everything')
const views = new Set(allTables.map(({ name }) => name))

const forbiddenFunctions = /^(?:load_extension|readfile|writefile|edit|fts\w*|sqlite_\w*)$/i
const allowed = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_FUNCTION])
allowed.add(constants.SQLITE_RECURSIVE)

/** `/query`: a text is refused with a clear error, or becomes a statement that reads the catalogue and nothing else. */
export const sql = target('sql', queries, (text) => {
  const plan = outcomeOf((): Plan => translateStatement(parseSql(text), 0))
  if (plan instanceof ParserBroken) throw new Error('the parser has overflowed its stack')
  if (plan instanceof PerdureError) return
  const asked = asksOf(plan)
  for (const { action, first, second, view } of asked) {
    if (!allowed.has(action)) throw new Error(`SQLite was asked for action ${action} on ${first}: ${plan.sql}`)
    // Without a column, rows are only counted; SQLite does not say for which view.
    if (action === constants.SQLITE_READ && view === null && second !== '' && !isOfCatalogue(first)) {
      throw new Error(`${first} is read, which is no table of the catalogue: ${plan.sql}`)
    }
    if (action === constants.SQLITE_FUNCTION && forbiddenFunctions.test(second ?? '')) {
      throw new Error(`${second} is called: ${plan.sql}`)
    }
  }
})

interface Asked {
  readonly action: number
  readonly first: string | null
  readonly second: string | null
  readonly view: string | null
}

/** What SQLite asks for while it compiles the statement; the SQLite of Node 22 does not let one know, and only compiles it. */
function asksOf(plan: Plan): Asked[] {
  const asked: Asked[] = []
  database.transact(0, [], (connection) => {
    connection.setAuthorizer?.((action, first, second, _database, view) => {
      asked.push({ action, first, second, view })
      return constants.SQLITE_OK
    })
    try {
      connection.prepare(plan.sql)
    } finally {
      connection.setAuthorizer?.(null)
    }
  })
  return asked
}

/** Translates a query and lets SQLite compile it. */
export function prepared(text: string): void {
  asksOf(translateStatement(parseSql(text), 0))
}

/** SQLite names a view that it reads, a part of one too (`name#part`), and no table for what a query makes itself. */
function isOfCatalogue(table: string | null): boolean {
  return table === null || table === '' || views.has(table.replace(/#\w+$/, '')) || table === 'json_each'
}
