import { once } from 'node:events'
import { PerdureError } from '../../errors/perdure-error.ts'
import { JsonWriter } from '../encode/json-writer.ts'
import type { ResultWriter } from '../encode/result-writer.ts'
import { loadParser, ParserBroken } from '../parse/sql-parser.ts'
import type { QueryFormat } from '../query-format.ts'
import type { Plan } from '../translate/statement.ts'
import type { Visibility } from '../visibility.ts'
import { QueryDatabase } from './database.ts'
import type { FromProcess, ProcessOptions, RunQuery, SealingKeys } from './messages.ts'
import { runQuery } from './run-query.ts'
import { startWatchdog } from './watchdog.ts'

/** The program of a query process: runs the queries that the server sends, one after the other. */
const { databaseFile, maxMemoryBytes, isSealed } = JSON.parse(
  process.env.PERDURE_QUERY_PROCESS ?? '{}',
) as ProcessOptions
const CHUNK_BYTES = 256 * 1024

startWatchdog(maxMemoryBytes)
await loadParser()
const keys = isSealed ? await askForKeys() : undefined
/** A connection for each visibility that is asked for: on one that masks, there is no view without the mask. */
const databases = new Map<Visibility, QueryDatabase>()
databaseFor('everything')

process.on('message', (query: RunQuery) => {
  void answer(query)
})
process.once('disconnect', () => process.exit())
await tell({ type: 'ready' })

async function askForKeys(): Promise<readonly Uint8Array[]> {
  const answered = once(process, 'message')
  await tell({ type: 'wants-keys' })
  const [{ keys }] = (await answered) as [SealingKeys]
  return keys
}

async function answer(query: RunQuery): Promise<void> {
  try {
    for (const part of await runQuery(databaseFor(query.visibility), query, (columns) =>
      writerFor(query.format, columns),
    )) {
      for (let start = 0; start < part.length; start += CHUNK_BYTES) {
        await tell({ type: 'chunk', bytes: part.subarray(start, start + CHUNK_BYTES) })
      }
    }
    await tell({ type: 'done' })
  } catch (error) {
    const code = error instanceof PerdureError ? error.code : ''
    await tell({
      type: 'failed',
      code,
      message: error instanceof Error ? error.message : String(error),
      isLast: error instanceof ParserBroken,
    })
  }
}

function databaseFor(visibility: Visibility): QueryDatabase {
  const database = databases.get(visibility) ?? new QueryDatabase(databaseFile, visibility, keys)
  databases.set(visibility, database)
  return database
}

/** Arrow takes a while to load, and most queries do not want it. */
async function writerFor(format: QueryFormat, columns: Plan['columns']): Promise<ResultWriter> {
  if (format === 'json') return new JsonWriter(columns)
  const { ArrowWriter } = await import('../encode/arrow-writer.ts')
  return new ArrowWriter(columns)
}

/** Resolves when the server has taken it: answers do not pile up between the processes. */
function tell(message: FromProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, {}, (error) => (error === null ? resolve() : reject(error)))
  })
}
