// Random input for everything that reads what strangers send: `npm run fuzz -- [--minutes N] [--targets a,b] [--seed N]`.
// A finding is printed with the seed that makes it again, and the exit code is 1.
import { parseArgs } from 'node:util'
import type { Target } from './target.ts'
import { targets } from './targets.ts'

const ROUND_RUNS = 2000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    targets: { type: 'string', default: targets.map(({ name }) => name).join(',') },
    seed: { type: 'string', default: String(Date.now() % 2 ** 30) },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const names = values.targets.split(',')
const unknown = names.filter((name) => !targets.some((target) => target.name === name))
if (!(minutes > 0) || !Number.isInteger(seed) || unknown.length > 0) {
  process.stderr.write(
    `fuzz: --minutes and --seed take numbers, --targets some of ${targets.map(({ name }) => name)}\n`,
  )
  process.exit(2)
}
for (const target of targets) if (names.includes(target.name)) fuzz(target)

function fuzz(target: Target): void {
  const until = performance.now() + minutes * 60_000
  let runs = 0
  for (let round = seed; performance.now() < until; round += 1) {
    const found = target.search(ROUND_RUNS, round)
    runs += ROUND_RUNS
    if (found === undefined) continue
    process.stdout.write(`${target.name}, seed ${round}: ${found.why}\n  input: ${found.input}\n`)
    process.exitCode = 1
    return
  }
  process.stdout.write(`${target.name}: ${runs} inputs in ${minutes} min from seed ${seed}, nothing found\n`)
}
