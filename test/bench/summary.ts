import type { Run } from './measure.ts'
import { median } from './median.ts'
import type { ServerName } from './programs.ts'
import { commonTargets, faults, LOADED_CONNECTIONS, type Scenario } from './scenarios.ts'

/** All rounds of one scenario on one server. */
export interface Series {
  readonly server: ServerName
  readonly scenario: Scenario
  readonly runs: readonly Run[]
}

/** `none`: there is no target for this figure. `fault`: so far off that the design is in question. */
export type Verdict = 'none' | 'met' | 'missed' | 'fault'

/** One figure of both servers, medians over the rounds, and what they are to each other. */
export interface Comparison {
  /** Server name to median; a server that was not measured is missing. */
  readonly medians: Readonly<Partial<Record<ServerName, number>>>
  /** Perdure to official. */
  readonly ratio: number | undefined
  readonly verdict: Verdict
}

export const figures = ['perSecond', 'p50Ms', 'p99Ms', 'cpuUsPerCall', 'residentMiB'] as const
export type Figure = (typeof figures)[number]

/** One line of the result: a scenario with a number of connections. */
export interface Row {
  readonly scenario: Scenario
  readonly connections: number
  readonly figures: Readonly<Record<Figure, Comparison>>
  /** Not compared: the service is the same, and what it needs bounds both. */
  readonly serviceCpuUsPerCall: Readonly<Partial<Record<ServerName, number>>>
}

interface Target {
  readonly limit: number
  readonly isFloor?: boolean
  readonly fault?: number
}

export function rowsOf(
  series: readonly Series[],
  scenarios: readonly Scenario[],
  connections: readonly number[],
): Row[] {
  return scenarios.flatMap((scenario) =>
    connections.map((count, index) => {
      const of = (pick: (point: Run['points'][number]) => number) =>
        medians(series, scenario, ({ points }) => {
          const point = points[index]
          return point === undefined ? Number.NaN : pick(point)
        })
      const compared = (figure: Figure): Comparison =>
        compare(
          of((point) => point[figure]),
          targetOf(figure, scenario, count),
        )
      return {
        scenario,
        connections: count,
        figures: {
          perSecond: compared('perSecond'),
          p50Ms: compared('p50Ms'),
          p99Ms: compared('p99Ms'),
          cpuUsPerCall: compared('cpuUsPerCall'),
          residentMiB: compared('residentMiB'),
        },
        serviceCpuUsPerCall: of((point) => point.serviceCpuUsPerCall),
      }
    }),
  )
}

/** Start to ready and memory before any load, over all starts of all scenarios. */
export function startsOf(series: readonly Series[]): { readyMs: Comparison; idleMiB: Comparison } {
  return {
    readyMs: compare(
      medians(series, undefined, (run) => run.readyMs),
      { limit: commonTargets.ready },
    ),
    idleMiB: compare(
      medians(series, undefined, (run) => run.idleMiB),
      { limit: commonTargets.memory },
    ),
  }
}

function targetOf(figure: Figure, { targets }: Scenario, connections: number): Target | undefined {
  const isLoaded = connections >= LOADED_CONNECTIONS
  switch (figure) {
    case 'perSecond':
      return isLoaded ? { limit: targets.throughput, isFloor: true, fault: faults.throughput } : undefined
    case 'p50Ms':
      return connections === 1 && targets.latency !== undefined
        ? { limit: targets.latency, fault: faults.latency }
        : undefined
    case 'p99Ms':
      return undefined
    case 'cpuUsPerCall':
      return isLoaded ? { limit: commonTargets.cpuUnderLoad } : undefined
    case 'residentMiB':
      return isLoaded ? { limit: commonTargets.memory } : undefined
  }
}

function medians(
  series: readonly Series[],
  scenario: Scenario | undefined,
  pick: (run: Run) => number,
): Partial<Record<ServerName, number>> {
  const values: Partial<Record<ServerName, number[]>> = {}
  for (const { server, scenario: of, runs } of series) {
    if (scenario !== undefined && of !== scenario) continue
    const known = values[server] ?? []
    known.push(...runs.map(pick))
    values[server] = known
  }
  return {
    ...(values.official !== undefined && { official: median(values.official) }),
    ...(values.perdure !== undefined && { perdure: median(values.perdure) }),
  }
}

export function compare(medians: Comparison['medians'], target: Target | undefined): Comparison {
  const { official, perdure } = medians
  if (official === undefined || perdure === undefined) return { medians, ratio: undefined, verdict: 'none' }
  const ratio = perdure / official
  return { medians, ratio, verdict: judge(ratio, target) }
}

function judge(ratio: number, target: Target | undefined): Verdict {
  if (target === undefined) return 'none'
  const { limit, isFloor = false, fault } = target
  const holds = (bound: number): boolean => (isFloor ? ratio >= bound : ratio <= bound)
  if (holds(limit)) return 'met'
  return fault !== undefined && !holds(fault) ? 'fault' : 'missed'
}
