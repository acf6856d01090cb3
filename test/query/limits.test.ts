import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import type { QueryEngine } from '../../src/query/query-engine.ts'
import { rowsOf, sampleEngine } from './sample-engine.ts'
import { SampleStore } from './sample-store.ts'

/** A product of so many columns that nobody waits for its end. */
const bomb = `SELECT count(*) FROM ${['a', 'b', 'c', 'd', 'e'].map((name) => `information_schema.columns ${name}`).join(', ')}`

async function codeOf(engine: QueryEngine, sql: string, signal?: AbortSignal): Promise<string> {
  try {
    await engine.run(sql, 'json', signal)
    return 'none'
  } catch (error) {
    if (error instanceof PerdureError) return error.code.replace('PERDURE_ERR_QUERY_', '')
    throw error
  }
}

t.test('attack 34: what would change something, or reach beyond the catalogue, is refused', async (t) => {
  await using store = await SampleStore.create()
  store.invocation()
  await using engine = sampleEngine(store)
  for (const [sql, code] of [
    ['CREATE TABLE x (a int)', 'REFUSED'],
    ['DROP TABLE sys_service', 'REFUSED'],
    ['ALTER TABLE sys_service ADD COLUMN x int', 'REFUSED'],
    ['INSERT INTO state VALUES (1)', 'REFUSED'],
    ['WITH x AS (SELECT 1) INSERT INTO state SELECT * FROM x', 'REFUSED'],
    [`UPDATE sys_service SET name = 'x'`, 'REFUSED'],
    ['DELETE FROM sys_invocation', 'REFUSED'],
    ['TRUNCATE TABLE state', 'REFUSED'],
    [`COPY state TO '/tmp/x'`, 'REFUSED'],
    [`ATTACH DATABASE '/tmp/x' AS y`, 'UNSUPPORTED'],
    [`CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'`, 'REFUSED'],
    [`SELECT * FROM '/etc/passwd'`, 'INVALID'],
    [`COPY (SELECT 1) TO '/tmp/x'`, 'REFUSED'],
    ['PRAGMA table_info', 'UNSUPPORTED'],
    ['VACUUM', 'UNSUPPORTED'],
    ['BEGIN', 'UNSUPPORTED'],
    ['SET datafusion.execution.batch_size = 1', 'UNSUPPORTED'],
    ['PREPARE p AS SELECT 1', 'UNSUPPORTED'],
    ['SELECT 1; DROP TABLE state', 'INVALID'],
    [`SELECT load_extension('x')`, 'INVALID'],
    [`SELECT readfile('/etc/passwd')`, 'INVALID'],
    [`SELECT writefile('/tmp/x', 'y')`, 'INVALID'],
    [`SELECT x_live(1, 'queue_order')`, 'INVALID'],
    ['SELECT * FROM sqlite_master', 'INVALID'],
    ['SELECT * FROM main.invocation', 'INVALID'],
    ['SELECT * FROM invocation', 'INVALID'],
    ['SELECT * FROM temp.live', 'INVALID'],
    ['SELECT * FROM deployment', 'INVALID'],
    ['SELECT record FROM sys_deployment', 'INVALID'],
    ['SELECT rowid FROM sys_invocation', 'INVALID'],
    ['SELECT "#status" FROM sys_invocation', 'INVALID'],
    ['SELECT * FROM "sys_invocation#open"', 'INVALID'],
    [`SELECT * FROM pragma_table_info('invocation')`, 'REFUSED'],
    [`SELECT * FROM json_each('[1]')`, 'REFUSED'],
    ['WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT * FROM x', 'UNSUPPORTED'],
    ['SELECT name FROM sys_service ORDER BY name COLLATE nocase', 'UNSUPPORTED'],
    [`SELECT 'a' AS "x"" , (SELECT 1)" FROM sys_service WHERE name = 'a'' OR 1=1 --'`, 'none'],
  ] as const) {
    t.equal(await codeOf(engine, sql), code, sql)
  }
  t.equal((await rowsOf(engine, 'SELECT id FROM sys_invocation')).length, 1)
  t.strictSame(await rowsOf(engine, `SELECT 'it''s; -- \\ "x"' AS "a ""b"" -- c"`), [
    { 'a "b" -- c': `it's; -- \\ "x"` },
  ])
  t.strictSame(await rowsOf(engine, `SELECT '\u0000' || 'x' AS a, char_length('a\u0000b') AS b`), [
    { a: '\u0000x', b: 1 },
  ])
})

t.test('attack 35: a query that takes too long is stopped, and the next one runs', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, { timeoutMs: 4000 })
  await rowsOf(engine, 'SELECT 1')
  const startedAt = performance.now()
  const turns = monitorEventLoopDelay({ resolution: 5 })
  t.teardown(() => turns.disable())
  turns.enable()
  t.equal(await codeOf(engine, bomb), 'TIMEOUT')
  t.ok(turns.count > 20, 'the server had its turns meanwhile', { turns: turns.count })
  t.ok(performance.now() - startedAt < 30_000)
  t.strictSame(await rowsOf(engine, 'SELECT 1 AS a'), [{ a: 1 }])
})

t.test('memory is bounded, and so are rows and bytes', async (t) => {
  await using store = await SampleStore.create()
  const product = 'information_schema.columns a, information_schema.columns b, information_schema.columns c'
  await using engine = sampleEngine(store, { maxMemoryBytes: 300 * 1024 * 1024, maxRows: 1000, maxResultBytes: 20_000 })
  const before = process.memoryUsage.rss()
  t.equal(
    await codeOf(engine, `SELECT array_agg(a.column_name || b.column_name || c.column_name) FROM ${product}`),
    'OUT_OF_MEMORY',
  )
  t.equal(
    await codeOf(engine, `SELECT a.column_name || b.column_name || c.column_name AS x FROM ${product} ORDER BY x`),
    'OUT_OF_MEMORY',
  )
  t.ok(process.memoryUsage.rss() - before < 150 * 1024 * 1024, 'not in the server')
  t.equal(await codeOf(engine, `SELECT 1 AS x FROM ${product} LIMIT 1000`), 'none')
  t.equal(await codeOf(engine, `SELECT 1 AS x FROM ${product} LIMIT 1001`), 'RESULT_TOO_LARGE')
  t.equal(await codeOf(engine, `SELECT repeat('x', 15000) AS x`), 'none')
  t.equal(await codeOf(engine, `SELECT repeat('x', 25000) AS x`), 'RESULT_TOO_LARGE')
  t.equal(await codeOf(engine, `SELECT repeat('x', 1048577) AS x`), 'FAILED')
})

t.test('the text is bounded, in length and in depth', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, { maxSqlBytes: 20_000 })
  const padded = (length: number) => `SELECT 1 --${' '.repeat(length - 11)}`
  t.equal(await codeOf(engine, padded(20_000)), 'none')
  t.equal(await codeOf(engine, padded(20_001)), 'TOO_COMPLEX')
  const brackets = (depth: number) => `SELECT ${'('.repeat(depth)}1${')'.repeat(depth)}`
  t.equal(await codeOf(engine, brackets(30)), 'none')
  t.equal(await codeOf(engine, brackets(65)), 'TOO_COMPLEX')
  t.equal(await codeOf(engine, `SELECT ${'1+'.repeat(300)}1`), 'none')
  t.equal(await codeOf(engine, `SELECT ${'1+'.repeat(1500)}1`), 'TOO_COMPLEX', 'the parser breaks')
  t.equal(await codeOf(engine, 'SELECT 1'), 'none', 'and is replaced')
  t.equal(await codeOf(engine, `SELECT ${'1+'.repeat(2001)}1`), 'TOO_COMPLEX')
  t.equal(
    await codeOf(
      engine,
      `SELECT 1 FROM ${Array(17)
        .fill('sys_service')
        .map((name, place) => `${name} a${place}`)
        .join(', ')}`,
    ),
    'TOO_COMPLEX',
  )
})

t.test('so many run, so many wait, the others are refused', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, { concurrency: 1, maxQueued: 2, timeoutMs: 4000 })
  await rowsOf(engine, 'SELECT 1')
  const slow = codeOf(engine, bomb)
  const waiting = [codeOf(engine, 'SELECT 1'), codeOf(engine, 'SELECT 2')]
  t.equal(engine.pending, 3)
  t.equal(await codeOf(engine, 'SELECT 3'), 'OVERLOADED')
  t.equal(await slow, 'TIMEOUT')
  t.strictSame(await Promise.all(waiting), ['none', 'none'])
  t.equal(engine.pending, 0)
})

t.test('answers that nobody reads count until they are let go', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, { maxHeldBytes: 1000 })
  const first = await engine.run(`SELECT repeat('x', 2000) AS x`, 'json')
  t.equal(await codeOf(engine, 'SELECT 1'), 'OVERLOADED')
  first.release()
  first.release()
  t.equal(await codeOf(engine, 'SELECT 1'), 'none')
})

t.test('a pattern that takes too long is stopped', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, { timeoutMs: 1500 })
  await rowsOf(engine, 'SELECT 1')
  t.equal(await codeOf(engine, `SELECT regexp_like(repeat('a', 60) || 'b', '^(a+)+$')`), 'TIMEOUT')
  t.equal(await codeOf(engine, `SELECT regexp_replace(repeat('a', 900000), 'a', 'bbbb', 'g')`), 'FAILED')
  t.equal(await codeOf(engine, 'SELECT 1'), 'none')
})

t.test('a client that goes away stops its query, running or waiting', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, { concurrency: 1 })
  await rowsOf(engine, 'SELECT 1')
  const running = new AbortController()
  const waiting = new AbortController()
  const codes = [codeOf(engine, bomb, running.signal), codeOf(engine, 'SELECT 1', waiting.signal)]
  await delay(100)
  waiting.abort()
  t.equal(await codes[1], 'ABORTED')
  running.abort()
  t.equal(await codes[0], 'ABORTED')
  t.equal(await codeOf(engine, 'SELECT 1', AbortSignal.abort()), 'ABORTED')
  t.equal(await codeOf(engine, 'SELECT 1'), 'none')
})

t.test('the process starts with the first query, ends when idle, and gets none of our environment', async (t) => {
  process.env.PERDURE_TEST_SECRET = 'very-secret'
  t.teardown(() => delete process.env.PERDURE_TEST_SECRET)
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, { idleTimeoutMs: 200 })
  t.strictSame(queryProcesses(), [])
  await rowsOf(engine, 'SELECT 1')
  const [pid] = queryProcesses()
  t.ok(pid)
  t.notMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /very-secret/)
  t.equal(Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]), 10, 'calls come first')
  for (let tries = 0; queryProcesses().length > 0 && tries < 300; tries += 1) await delay(100)
  t.strictSame(queryProcesses(), [])
  await rowsOf(engine, 'SELECT 1')
  const [victim] = queryProcesses()
  if (victim === undefined) throw new Error('there is no process to kill')
  process.kill(victim, 'SIGKILL')
  t.strictSame(await rowsOf(engine, 'SELECT 1 AS a'), [{ a: 1 }], 'one that was killed is replaced, noticed or not')
  await engine.close()
  t.strictSame(queryProcesses(), [])
})

t.test('a query sees what was acknowledged before it, and closing stops what runs', async (t) => {
  await using store = await SampleStore.create()
  await using engine = sampleEngine(store, {}, { checkpoint: async () => void store.invocation() })
  t.equal((await rowsOf(engine, 'SELECT id FROM sys_invocation')).length, 1)
  t.equal((await rowsOf(engine, 'SELECT id FROM sys_invocation')).length, 2)
  const running = codeOf(engine, bomb)
  await delay(100)
  await engine.close()
  t.equal(await running, 'ABORTED')
})

/** Children of this process that run queries. */
function queryProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const isChild = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid)
        return isChild && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('query/process/main')
      } catch {
        return false
      }
    })
    .map(Number)
}
