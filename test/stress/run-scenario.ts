import { Rig, type RigOptions } from './rig.ts'
import { type Figures, type Scale, type Scenario, seconds, stopwatch } from './scenario.ts'

export interface ScenarioRun {
  readonly figures: Figures
  /** What the server had resident at most, and what it was allowed. */
  readonly peakMiB: number
  readonly boundMiB: number
}

/** Runs a scenario on a server of its own. Rejects when a result is wrong; memory is for the caller to judge. */
export async function runScenario(scenario: Scenario, scale: Scale, options: RigOptions = {}): Promise<ScenarioRun> {
  await using rig = await Rig.start(options)
  const time = stopwatch()
  const figures = await scenario.run(rig, scale)
  const wallMs = time()
  const peakMiB = Math.ceil(await rig.peakMiB())
  const boundMiB = Math.min(scenario.memoryBoundMiB, scale.memoryBoundMiB)
  const memory = `${peakMiB} MiB at most (bound ${boundMiB} MiB)`
  return { figures: { ...figures, memory, time: seconds(wallMs) }, peakMiB, boundMiB }
}
