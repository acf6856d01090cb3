import { Client } from './client.ts'
import { normalise, type Observation } from './observation.ts'
import type { Pass, SideName } from './passes.ts'
import type { Scenario } from './scenario.ts'
import type { Bench } from './servers.ts'

/** A scenario in one of its passes, and what each server showed. */
export interface Execution {
  readonly scenario: Scenario
  readonly pass: Pass
  /** In the order of the rounds. */
  readonly official: readonly Observation[]
  readonly ours: readonly Observation[]
}

export interface Selection {
  readonly scenarios: readonly Scenario[]
  readonly onlyPass: string | undefined
  /** How often each scenario runs, each time with other keys. */
  readonly rounds: number
}

/** Scenarios that run at the same time, on each server: they mostly wait. */
const PARALLEL = 12
const SCENARIO_TIMEOUT_MS = 40_000

/** Runs the scenarios on all servers of the bench at the same time. */
export async function execute(bench: Bench, { scenarios, onlyPass, rounds }: Selection): Promise<Execution[]> {
  const planned = scenarios.flatMap((scenario) =>
    scenario.passes
      .filter((pass) => onlyPass === undefined || pass.name === onlyPass)
      .map((pass) => ({ scenario, pass, official: [] as Observation[], ours: [] as Observation[] })),
  )
  const running = bench.names.map((name) =>
    inParallel(planned, async (execution) => {
      for (let round = 1; round <= rounds; round += 1)
        execution[name].push(await observe(bench, name, execution.scenario, execution.pass, round))
    }),
  )
  await Promise.all(running)
  return planned
}

async function observe(
  bench: Bench,
  name: SideName,
  scenario: Scenario,
  pass: Pass,
  round: number,
): Promise<Observation> {
  const services = bench.services.get(pass.mode)
  if (services === undefined) throw new Error(`no services for ${pass.mode}`)
  const key = `${scenario.name} ${pass.name} ${round}`.replace(/[^a-zA-Z0-9]+/g, '-')
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error('the scenario took too long')), SCENARIO_TIMEOUT_MS)
  try {
    return normalise(
      await Promise.race([scenario.run(new Client(bench.side(name, pass), pass, services, key)), timeout.promise]),
      key,
    )
  } catch (error) {
    return normalise({ threw: error instanceof Error ? error.message : String(error) }, key)
  } finally {
    clearTimeout(timer)
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}
