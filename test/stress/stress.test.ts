import t from 'tap'
import { runScenario } from './run-scenario.ts'
import { smallScale } from './scenario.ts'
import { scenarios } from './scenarios.ts'

// A twentieth of `npm run stress`.
for (const scenario of scenarios) {
  t.test(scenario.name, { timeout: 60_000 }, async (t) => {
    const { figures, peakMiB, boundMiB } = await runScenario(scenario, smallScale)
    for (const [what, value] of Object.entries(figures)) t.comment(`${what}: ${value}`)
    t.ok(peakMiB <= boundMiB, `every result was right, with ${peakMiB} of ${boundMiB} MiB`)
  })
}
