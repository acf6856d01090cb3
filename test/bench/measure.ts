import { setTimeout as sleep } from 'node:timers/promises'
import { register } from '../harness/server-process.ts'
import { type BenchServer, startServer } from './bench-server.ts'
import type { ScratchDirectory } from './leftovers.ts'
import { busySeconds, cpuSeconds, ownCpuSeconds, residentMiB } from './process-usage.ts'
import type { Program } from './programs.ts'
import { body, LOADED_CONNECTIONS, type Scenario } from './scenarios.ts'
import { type Load, runWrk } from './wrk.ts'

/** What one number of connections showed. */
export interface Point extends Load {
  readonly connections: number
  /** Of the server's process, over all threads. */
  readonly cpuUsPerCall: number
  readonly serviceCpuUsPerCall: number
  /** Cores that everything else on the machine kept busy. */
  readonly foreignCpu: number
  readonly residentMiB: number
}

/** One scenario on one server, from an empty data directory on. */
export interface Run {
  readonly readyMs: number
  readonly idleMiB: number
  /** In the order in which they were measured: memory and data add up. */
  readonly points: readonly Point[]
}

export interface Service {
  readonly uri: string
  readonly pid: number
}

export const IDLE_S = 2
export const WARM_UP_S = 2

/** What is written behind the answers shall count as well: work is measured until this long after the last one. */
export const SETTLE_S = 0.5

/**
 * Starts a server, lets it idle, warms it up, and measures each number of connections. Any failed call throws.
 * `kept` is a data directory to start on, see `startServer`.
 */
export async function measure(
  program: Program,
  scenario: Scenario,
  connections: readonly number[],
  seconds: number,
  service: Service,
  kept?: ScratchDirectory,
): Promise<Run> {
  await using server = await startServer(program, kept)
  return await naming(server, scenario, async () => {
    await register(server.admin, service.uri)
    await sleep(IDLE_S * 1000)
    const idleMiB = await residentMiB(server.pid)
    await checkAnswer(server, scenario)
    await runWrk(server.ingress, scenario, LOADED_CONNECTIONS, WARM_UP_S)
    await sleep(SETTLE_S * 1000)
    const points: Point[] = []
    for (const count of connections) points.push(await measurePoint(server, scenario, count, seconds, service))
    return { readyMs: server.readyMs, idleMiB, points }
  })
}

/** Adds to an error what was being measured, and what the server said. */
export async function naming<T>(server: BenchServer, scenario: Scenario, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const said = server.lastWords().trim()
    const message = `${server.name}, ${scenario.title}: ${cause instanceof Error ? cause.message : cause}`
    throw new Error(said === '' ? message : `${message}\n${said}`, { cause })
  }
}

/** Measures a server that is warm. */
async function measurePoint(
  server: BenchServer,
  scenario: Scenario,
  connections: number,
  seconds: number,
  service: Service,
): Promise<Point> {
  const before = await cpuTimes(server, service)
  const load = await runWrk(server.ingress, scenario, connections, seconds)
  await sleep(SETTLE_S * 1000)
  const after = await cpuTimes(server, service)
  const spentS = (of: keyof CpuTimes): number => after[of] - before[of]
  const elapsedS = (after.at - before.at) / 1000
  return {
    ...load,
    connections,
    cpuUsPerCall: (spentS('server') * 1e6) / load.requests,
    serviceCpuUsPerCall: (spentS('service') * 1e6) / load.requests,
    foreignCpu: (spentS('machine') - spentS('server') - spentS('service') - spentS('load')) / elapsedS,
    residentMiB: await residentMiB(server.pid),
  }
}

/** CPU seconds so far; `at` in ms. */
interface CpuTimes {
  readonly at: number
  readonly server: number
  readonly service: number
  /** The load generator and this process. */
  readonly load: number
  readonly machine: number
}

async function cpuTimes(server: BenchServer, service: Service): Promise<CpuTimes> {
  const [ofServer, ofService, load, machine] = await Promise.all([
    cpuSeconds(server.pid),
    cpuSeconds(service.pid),
    ownCpuSeconds(),
    busySeconds(),
  ])
  return { at: performance.now(), server: ofServer, service: ofService, load, machine }
}

const ANSWER_TIMEOUT_MS = 10_000

/** A server that answers quickly and wrongly must not win. */
export async function checkAnswer(server: BenchServer, scenario: Scenario): Promise<void> {
  const url = `${server.ingress}${scenario.path.replace('{key}', '1')}`
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal })
  const text = await response.text()
  if (!response.ok || !scenario.answer.test(text)) {
    throw new Error(`the scenario ${scenario.name} does not work: ${url} answered ${response.status} ${text}`)
  }
}
