import { setTimeout as sleep } from 'node:timers/promises'
import { register } from '../harness/server-process.ts'
import { startServer } from './bench-server.ts'
import { type ScratchDirectory, scratchDirectory } from './leftovers.ts'
import { checkAnswer, measure, naming, type Point, type Run, SETTLE_S, type Service } from './measure.ts'
import { median } from './median.ts'
import type { Program } from './programs.ts'
import { aligned, number } from './report.ts'
import { LOADED_CONNECTIONS, type Scenario } from './scenarios.ts'
import { runWrk } from './wrk.ts'

/** Time per call with many retained invocations, to that with an empty store: at most. */
const TARGET = 1.2
const FILL_CONNECTIONS = 128
const FILL_CHUNK_S = 5
const CONNECTIONS = [1, LOADED_CONNECTIONS]

export interface Growth {
  readonly server: Program['name']
  /** Invocations that the full store held before the first round. */
  readonly retained: number
  readonly rounds: readonly { readonly empty: Run; readonly full: Run }[]
}

/**
 * Fills a data directory until it retains `target` invocations, as the default retention of a day has it. Then
 * measures the server on it and on fresh ones in turn, each time in a new process.
 */
export async function measureGrowth(
  program: Program,
  scenario: Scenario,
  target: number,
  rounds: number,
  seconds: number,
  service: Service,
  tell: (progress: string) => void,
): Promise<Growth> {
  await using directory = await scratchDirectory()
  const retained = await fill(program, directory, scenario, target, service, tell)
  const measured: { empty: Run; full: Run }[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const empty = (): Promise<Run> => measure(program, scenario, CONNECTIONS, seconds, service)
    const full = (): Promise<Run> => measure(program, scenario, CONNECTIONS, seconds, service, directory)
    // Who is first changes, as in the comparison of servers.
    if (round % 2 === 1) measured.push({ empty: await empty(), full: await full() })
    else {
      const first = await full()
      measured.push({ empty: await empty(), full: first })
    }
    tell(`${program.name}: round ${round} of ${rounds}`)
  }
  return { server: program.name, retained, rounds: measured }
}

/** Calls until so many invocations are retained. Returns how many there are. */
export async function fill(
  program: Program,
  directory: ScratchDirectory,
  scenario: Scenario,
  target: number,
  service: Service,
  tell: (progress: string) => void,
): Promise<number> {
  await using server = await startServer(program, directory)
  return await naming(server, scenario, async () => {
    await register(server.admin, service.uri)
    await checkAnswer(server, scenario)
    let count = 0
    let perSecond = 0
    while (count < target) {
      const restS = perSecond === 0 ? 1 : Math.ceil((target - count) / perSecond)
      const load = await runWrk(server.ingress, scenario, FILL_CONNECTIONS, Math.min(restS, FILL_CHUNK_S))
      count += load.requests
      perSecond = load.perSecond
      tell(`${server.name}: ${count} of ${target} invocations, ${Math.round(perSecond)}/s`)
    }
    await sleep(SETTLE_S * 1000)
    return count
  })
}

/** Time per call with one connection and with many, empty and full, and whether the target is met. */
export function growthTable({ server, retained, rounds }: Growth): string {
  const row = (title: string, pick: (run: Run) => number | undefined, isJudged = false): string[] => {
    const [empty = Number.NaN, full = Number.NaN] = (['empty', 'full'] as const).map((state) =>
      median(rounds.map((round) => pick(round[state]) ?? Number.NaN)),
    )
    const ratio = full / empty
    const mark = isJudged ? (ratio <= TARGET ? ' +' : ' -') : '  '
    return [title, number(empty), number(full), ratio.toFixed(2) + mark]
  }
  const lines = CONNECTIONS.flatMap((connections, index) => {
    const at = (title: string, pick: (point: Point) => number, isJudged = false): string[] =>
      row(
        `${title}, ${connections} connections`,
        ({ points }) => {
          const point = points[index]
          return point && pick(point)
        },
        isJudged,
      )
    return [
      at('ms per call', ({ perSecond }) => (1000 * connections) / perSecond, true),
      at('p50 ms', ({ p50Ms }) => p50Ms),
      at('p99 ms', ({ p99Ms }) => p99Ms),
      at('CPU µs per call', ({ cpuUsPerCall }) => cpuUsPerCall),
      at('memory MiB', ({ residentMiB }) => residentMiB),
    ]
  })
  return [
    aligned([
      [server, 'empty', `${retained} retained`, 'ratio  '],
      row('start to ready, ms', ({ readyMs }) => readyMs),
      row('memory when idle, MiB', ({ idleMiB }) => idleMiB),
      ...lines,
    ]),
    `Target: at most ${TARGET} times the time per call (+ met, - missed).`,
  ].join('\n')
}
