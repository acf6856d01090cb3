import t from 'tap'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { parseSql } from '../../src/query/parse/sql-parser.ts'
import { translateStatement } from '../../src/query/translate/statement.ts'
import { prepared } from './sql.ts'
import { outcomeOf } from './target.ts'
import { targets } from './targets.ts'

/** Seconds of it; `npm run fuzz -- --minutes 30` is the long one. */
for (const target of targets) {
  t.test(`random input: ${target.name}`, async (t) => {
    t.equal(target.search(1500, 20261121), undefined)
  })
}

/** What was found so, each in its shortest form. */
t.test('found by fuzzing', async (t) => {
  const refused: readonly (readonly [sql: string, status: number, message: RegExp])[] = [
    // Errors of the tokenizer were taken for the end of the parser, and cost its process.
    ['/* 1', 400, /^SQL error: Unexpected EOF while in a multi-line comment/],
    ["select 'a", 400, /^SQL error: Unterminated string literal/],
    ['select "a', 400, /^SQL error: Expected close delimiter/],
    ['select top 9223372036854775808 name from sys_service', 400, /^SQL error: Serialization error/],
    // SQLite said the rest.
    ['select from sys_invocation', 500, /SELECT without columns/],
  ]
  for (const [sql, status, message] of refused) {
    const error = outcomeOf(() => translateStatement(parseSql(sql), 0))
    t.ok(error instanceof PerdureError && error.status === status && message.test(error.message), sql, { error })
  }
})

t.test('found by fuzzing: a constant is no place of a column, and no aggregate', async (t) => {
  for (const sql of [
    'select 1 order by (9223372036854775808 is null)',
    'select 1 having count(*) > 0 / 0',
    'select 1 group by now()',
    'select 1 union all select 2 order by now()',
  ]) {
    t.doesNotThrow(() => prepared(sql), sql)
  }
})
