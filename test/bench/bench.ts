// This server beside the official one: same service process, same load, same durability, in alternating rounds.
// See docs/performance.md.
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { startServiceProcess } from '../harness/server-process.ts'
import { growthTable, measureGrowth } from './growth.ts'
import { endWithProcess } from './leftovers.ts'
import { IDLE_S, measure, type Run, SETTLE_S, type Service, WARM_UP_S } from './measure.ts'
import { median } from './median.ts'
import { type Options, readOptions, usage } from './options.ts'
import { official, type Program, perdure } from './programs.ts'
import { line, table, verdicts } from './report.ts'
import { scenarios } from './scenarios.ts'
import { rowsOf, type Series, startsOf } from './summary.ts'
import { ensureWrk } from './wrk.ts'

/** What the rest of the machine may use before the figures come with a warning. */
const QUIET_CORES = 0.1

try {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(usage)
  else await bench(options)
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function bench(options: Options): Promise<void> {
  if (process.platform !== 'linux') throw new Error('CPU time and memory are read from /proc: this needs Linux')
  await ensureWrk()
  const programs: Program[] = []
  for (const name of options.servers)
    programs.push(name === 'official' ? await official() : await perdure(options.main))
  const started = await startServiceProcess(join(import.meta.dirname, 'service.ts'))
  endWithProcess(started.process)
  try {
    const service: Service = { uri: started.uri, pid: started.process.pid ?? 0 }
    const figures =
      options.growth === undefined
        ? await compare(options, programs, service)
        : await grow(options, options.growth, programs, service)
    if (options.out !== undefined)
      await writeFile(options.out, `${JSON.stringify({ ...setting(options), ...figures }, null, 2)}\n`)
  } finally {
    await started.stop()
  }
}

async function compare(options: Options, programs: readonly Program[], service: Service): Promise<object> {
  const { rounds, seconds, connections } = options
  const perRunS = 1 + IDLE_S + WARM_UP_S + SETTLE_S + connections.length * (seconds + SETTLE_S)
  const expectedS = perRunS * rounds * options.scenarios.length * programs.length
  tell(`about ${Math.ceil(expectedS / 60)} min`)
  giveUpAfter(2 * expectedS + 60)
  const series = options.scenarios.flatMap((scenario) =>
    programs.map((program) => ({ program, server: program.name, scenario, runs: [] as Run[] })),
  )
  for (let round = 1; round <= rounds; round += 1) {
    // Who is first changes, so that a machine that slows down or warms up favours nobody.
    for (const one of round % 2 === 1 ? series : series.toReversed()) {
      const run = await measure(one.program, one.scenario, connections, seconds, service)
      one.runs.push(run)
      const seen = run.points.map((point) => `${Math.round(point.perSecond)}/s with ${point.connections}`)
      tell(`round ${round} of ${rounds}, ${one.scenario.title}, ${one.server}: ${seen.join(', ')}`)
    }
  }
  return conclude(series, options)
}

function conclude(series: readonly Series[], options: Options): object {
  const rows = rowsOf(series, options.scenarios, options.connections)
  const starts = startsOf(series)
  const judged = { 'start to ready': starts.readyMs, 'memory when idle': starts.idleMiB }
  console.log(
    [
      table(rows, options.servers),
      '',
      line('start to ready, ms', starts.readyMs),
      line('memory when idle, MiB', starts.idleMiB),
      '',
      verdicts(rows, judged),
      quietness(series.flatMap(({ runs }) => runs)),
    ].join('\n'),
  )
  return {
    starts,
    rows: rows.map((row) => ({ ...row, scenario: row.scenario.name })),
    runs: series.map(({ server, scenario, runs }) => ({ server, scenario: scenario.name, runs })),
  }
}

/** Says when the figures are those of a machine that had other things to do. */
function quietness(runs: readonly Run[]): string {
  const points = runs.flatMap((run) => run.points)
  const disturbed = points.filter(({ foreignCpu }) => foreignCpu > QUIET_CORES).length
  if (disturbed === 0) return 'The machine was quiet.'
  const typical = median(points.map(({ foreignCpu }) => foreignCpu))
  return `The machine was not quiet: in ${disturbed} of ${points.length} measurements others kept more than ${QUIET_CORES} of a core busy (median ${typical.toFixed(2)}).`
}

async function grow(
  { rounds, seconds }: Options,
  retained: number,
  programs: readonly Program[],
  service: Service,
): Promise<object> {
  const [plain] = scenarios
  if (plain === undefined) throw new Error('invariant: there are scenarios')
  // No slower than 200 calls a second.
  giveUpAfter(60 + programs.length * (retained / 200 + rounds * (10 + 8 * seconds)))
  const growths = []
  for (const program of programs) {
    const growth = await measureGrowth(program, plain, retained, rounds, seconds, service, tell)
    console.log(growthTable(growth))
    console.log(quietness(growth.rounds.flatMap(({ empty, full }) => [empty, full])))
    growths.push(growth)
  }
  return { growth: growths }
}

/** What figures depend on, beside the servers. */
function setting({ rounds, seconds, main }: Options): object {
  const cores = cpus()
  return {
    measuredAt: new Date().toISOString(),
    machine: { cores: cores.length, model: cores[0]?.model, node: process.version },
    rounds,
    seconds,
    ...(main !== undefined && { main }),
  }
}

/** A run that hangs ends, and takes with it what it started. */
function giveUpAfter(limitS: number): void {
  setTimeout(() => {
    process.stderr.write(`bench: not done after ${Math.round(limitS)} s\n`)
    process.exit(1)
  }, limitS * 1000).unref()
}

function tell(progress: string): void {
  process.stderr.write(`${progress}\n`)
}
