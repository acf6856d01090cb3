// Much of everything at once, on a server that is killed on the way: every result is checked, times and memory are printed.
// Takes some minutes, on Linux.
// Usage: node test/stress/stress.ts [--small] [--cpu-prof directory] [scenario…]
import { parseArgs } from 'node:util'
import { runScenario } from './run-scenario.ts'
import { fullScale, smallScale } from './scenario.ts'
import { scenarios } from './scenarios.ts'

const { values, positionals } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    'cpu-prof': { type: 'string' },
  },
  allowPositionals: true,
})
const profile = values['cpu-prof']
const env = profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }
const chosen = scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0) {
  process.stderr.write(`stress: the scenarios are ${scenarios.map(({ name }) => `"${name}"`).join(', ')}\n`)
  process.exit(1)
}
for (const scenario of chosen) {
  console.log(scenario.name)
  try {
    const run = await runScenario(scenario, values.small ? smallScale : fullScale, { env })
    const { figures, peakMiB, boundMiB } = run
    for (const [what, value] of Object.entries(figures)) console.log(`  ${what.padEnd(28)} ${value}`)
    if (peakMiB > boundMiB) throw new Error('the server took more memory than it may')
  } catch (error) {
    console.log(`  FAILED: ${error instanceof Error ? error.stack : String(error)}`)
    process.exitCode = 1
  }
}
