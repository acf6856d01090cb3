import { PerdureError } from '../../errors/perdure-error.ts'
import { QueryFailed, QueryResultTooLarge } from '../../errors/query.ts'
import type { ResultWriter } from '../encode/result-writer.ts'
import { parseSql } from '../parse/sql-parser.ts'
import { text } from '../sql-type.ts'
import { type Plan, translateStatement } from '../translate/statement.ts'
import type { QueryDatabase } from './database.ts'
import type { RunQuery } from './messages.ts'
import { rowsOf } from './rows.ts'

/** Parses, translates, runs and encodes a query. Throws PERDURE_ERR_QUERY_*. */
export async function runQuery(
  database: QueryDatabase,
  query: RunQuery,
  writerFor: (columns: Plan['columns']) => Promise<ResultWriter>,
): Promise<readonly Uint8Array[]> {
  const plan = translateStatement(parseSql(query.sql), query.nowMs)
  const columns = plan.isExplained ? explainColumns : plan.columns
  const writer = await writerFor(columns)
  return database.transact(query.nowMs, query.live, (connection) => {
    try {
      if (plan.isExplained) {
        const steps = connection.prepare(`EXPLAIN QUERY PLAN ${plan.sql}`).all()
        writer.row(['sqlite_plan', steps.map(({ detail }) => String(detail)).join('\n')])
        return writer.finish()
      }
      let rows = 0
      for (const row of rowsOf(connection, plan)) {
        rows += 1
        if (rows > query.maxRows)
          throw new QueryResultTooLarge(`The query has more than ${query.maxRows} rows; give it a LIMIT`)
        writer.row(row)
        if (writer.sizeBytes > query.maxResultBytes) {
          throw new QueryResultTooLarge(
            `The answer has more than ${query.maxResultBytes} bytes; select fewer columns, or give the query a LIMIT`,
          )
        }
      }
      return writer.finish()
    } catch (error) {
      if (error instanceof PerdureError) throw error
      throw new QueryFailed(`Execution error: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  })
}

const explainColumns: Plan['columns'] = [
  { name: 'plan_type', type: text, nullable: false },
  { name: 'plan', type: text, nullable: false },
]
