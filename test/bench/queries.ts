// Queries over many retained invocations: how long those of the official CLI take, and what a heavy one does to calls.
// See docs/performance.md.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { register, startServiceProcess } from '../harness/server-process.ts'
import { type BenchServer, startServer } from './bench-server.ts'
import { fill } from './growth.ts'
import { endWithProcess, scratchDirectory } from './leftovers.ts'
import { checkAnswer, SETTLE_S, WARM_UP_S } from './measure.ts'
import { median } from './median.ts'
import { perdure } from './programs.ts'
import { aligned, number } from './report.ts'
import { scenarios } from './scenarios.ts'
import { ensureWrk, type Load, runWrk } from './wrk.ts'

/** p99 of calls while a heavy query runs, to that without: at most. */
const P99_TARGET = 1.2
/** A query of the CLI over everything retained: at most, in ms. */
const CLI_TARGET_MS = 100
const REPEATS = 9
const CONNECTIONS = [1, 8]

/** Pairs of everything with everything: more work than any limit on time allows. */
const heavyQuery = `SELECT COUNT(*) FROM sys_invocation_status a, sys_invocation_status b
  WHERE a.created_at <> b.modified_at AND a.id LIKE '%x%'`

const { values } = parseArgs({
  options: {
    retained: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
  },
})
const [plain] = scenarios
if (plain === undefined) throw new Error('invariant: there are scenarios')

await ensureWrk()
await using directory = await scratchDirectory()
const service = await startServiceProcess(join(import.meta.dirname, 'service.ts'))
endWithProcess(service.process)
try {
  const program = await perdure()
  const about = { uri: service.uri, pid: service.process.pid ?? 0 }
  const retained = await fill(program, directory, plain, Number(values.retained), about, tell)
  await using server = await startServer(program, directory)
  await register(server.admin, service.uri)
  await checkAnswer(server, plain)
  console.log(await cliQueries(server, retained))
  await runWrk(server.ingress, plain, 32, WARM_UP_S)
  console.log(await besideHeavyQuery(server, Number(values.rounds), Number(values.seconds)))
} finally {
  await service.stop()
}

/** Each query that the CLI sends for its list and describe commands. */
async function cliQueries(server: BenchServer, retained: number): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../query/cli-sql.txt'), 'utf8')
  const sections = text.split(/^-- {2}\[(.*)\] .*status \{200\}\n/m).slice(1)
  const [newest] = await query(server, 'SELECT id FROM sys_invocation ORDER BY created_at DESC LIMIT 1')
  const [deployment] = await query(server, 'SELECT id FROM sys_deployment LIMIT 1')
  const rows: string[][] = []
  let worst = 0
  for (let at = 0; at < sections.length; at += 2) {
    const commands = sections[at] ?? ''
    if (!/_(list|describe)/.test(commands)) continue
    const sql = (sections[at + 1] ?? '')
      .split(/\n\n/, 1)[0]
      ?.trim()
      .replaceAll('<INV>', String(newest?.id))
      .replaceAll('<DP>', String(deployment?.id))
      .replaceAll("',...)", "')")
    if (sql === undefined || sql === '') continue
    const times: number[] = []
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const startedAt = performance.now()
      await query(server, sql)
      times.push(performance.now() - startedAt)
    }
    const typical = median(times)
    worst = Math.max(worst, typical)
    rows.push([commands.split("'")[1] ?? '', sql.slice(0, 90), number(typical), typical <= CLI_TARGET_MS ? '+' : '-'])
  }
  rows.sort((a, b) => Number(b[2]) - Number(a[2]))
  return [
    aligned([['command', `query, ${retained} retained`, 'ms', ''], ...rows]),
    `Slowest: ${number(worst)} ms. Target: at most ${CLI_TARGET_MS} ms (+ met, - missed); medians of ${REPEATS}.`,
  ].join('\n')
}

/** The same load with and without a query that keeps a process busy from before it to after it. */
async function besideHeavyQuery(server: BenchServer, rounds: number, seconds: number): Promise<string> {
  const rows: string[][] = []
  for (const connections of CONNECTIONS) {
    const alone: Load[] = []
    const beside: Load[] = []
    const withQuery = async (): Promise<void> => {
      beside.push(await whileQuerying(server, () => runWrk(server.ingress, load(), connections, seconds)))
    }
    for (let round = 1; round <= rounds; round += 1) {
      if (round % 2 === 0) await withQuery()
      alone.push(await runWrk(server.ingress, load(), connections, seconds))
      await sleep(SETTLE_S * 1000)
      if (round % 2 === 1) await withQuery()
      tell(`round ${round} of ${rounds} with ${connections} connections`)
    }
    const line = (title: string, pick: (load: Load) => number, isJudged = false): string[] => {
      const [without, during] = [median(alone.map(pick)), median(beside.map(pick))]
      const ratio = during / without
      const mark = isJudged ? (ratio <= P99_TARGET ? ' +' : ' -') : '  '
      return [`${title}, ${connections} connections`, number(without), number(during), ratio.toFixed(2) + mark]
    }
    rows.push(
      line('p50 ms', ({ p50Ms }) => p50Ms),
      line('p99 ms', ({ p99Ms }) => p99Ms, true),
      line('calls/s', ({ perSecond }) => perSecond),
    )
  }
  return [
    aligned([['', 'alone', 'beside a heavy query', 'ratio  '], ...rows]),
    `Target: a p99 of at most ${P99_TARGET} times (+ met, - missed).`,
  ].join('\n')
}

function load() {
  if (plain === undefined) throw new Error('invariant: there are scenarios')
  return plain
}

/** Throws when the query was over before the work was: then it proved nothing. */
async function whileQuerying(server: BenchServer, work: () => Promise<Load>): Promise<Load> {
  const stop = new AbortController()
  let isOver = false
  const running = send(server, heavyQuery, stop.signal)
    .then((response) => response.text())
    .then(
      (text) => {
        isOver = true
        return text
      },
      () => '',
    )
  await sleep(SETTLE_S * 1000)
  const load = await work()
  if (isOver) throw new Error(`the heavy query was over too early: ${(await running).slice(0, 500)}`)
  stop.abort()
  await running
  return load
}

async function query(server: BenchServer, sql: string): Promise<Record<string, unknown>[]> {
  const response = await send(server, sql)
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text} for ${sql}`)
  const parsed: { rows: Record<string, unknown>[] } = JSON.parse(text)
  return parsed.rows
}

function send(server: BenchServer, sql: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${server.admin}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: sql }),
    ...(signal !== undefined && { signal }),
  })
}

function tell(progress: string): void {
  process.stderr.write(`${progress}\n`)
}
