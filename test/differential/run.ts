import { parseArgs } from 'node:util'
import { ensurePeer } from '../peer/peer.ts'
import { execute } from './execute.ts'
import { useOwnNetwork } from './own-network.ts'
import { allPasses, type SideName, twoWay } from './passes.ts'
import { reportComparison, reportObservations, reportRequests } from './report.ts'
import { scenarios } from './scenarios/all.ts'
import { startBench } from './servers.ts'

/**
 * Runs the same scenarios, with the official SDK, on the official server and on ours, and compares what they show. Fails on
 * each difference that expected-differences.ts does not have.
 *
 *   --only official|ours   one server: prints what it shows
 *   --scenario <text>      scenarios whose name has this text
 *   --pass <name>          one pass
 *   --rounds <n>           with --only: runs each scenario n times, and fails if it does not show the same each time
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    scenario: { type: 'string', default: '' },
    pass: { type: 'string' },
    rounds: { type: 'string', default: '1' },
  },
})
const { only, scenario: part, pass } = values
if (only !== undefined && only !== 'official' && only !== 'ours') throw new Error('--only takes official or ours')
if (pass !== undefined && !allPasses.some(({ name }) => name === pass))
  throw new Error(`--pass takes one of: ${allPasses.map(({ name }) => name).join('; ')}`)

// The first run installs the official server: that needs the network.
await ensurePeer()
useOwnNetwork()

// A scenario that fails leaves requests behind that may fail after it; its own failure is what it shows.
process.on('unhandledRejection', () => {})

const sides: readonly SideName[] = only === undefined ? ['official', 'ours'] : [only]
const selected = scenarios.filter(({ name }) => name.includes(part))
const startedAt = Date.now()
let asExpected = false
{
  await using bench = await startBench(sides)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, async () => {
      await bench[Symbol.asyncDispose]()
      process.exit(1)
    })
  const rounds = only === undefined ? 1 : Number(values.rounds)
  const executions = await execute(bench, { scenarios: selected, onlyPass: pass, rounds })
  const everything = part === '' && pass === undefined
  asExpected = only === undefined ? reportComparison(executions, everything) : reportObservations(executions)
  const [name = 'ours'] = sides
  asExpected = reportRequests(bench.side(name, twoWay).ingressRequests, everything) && asExpected
}
console.log(`${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
// Requests to handlers that never answer may still be open.
process.exit(asExpected ? 0 : 1)
