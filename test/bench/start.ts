// Start to ready, and resident memory when idle with nothing registered, of this server and the official one:
// alternating rounds on fresh directories, medians and ratios.
// Usage: node test/bench/start.ts [rounds] [another build's main.js]
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer } from './bench-server.ts'
import { median } from './median.ts'
import { residentMiB } from './process-usage.ts'
import { official, type Program, perdure } from './programs.ts'

const IDLE_MS = 3000
const [rounds = '5', main] = process.argv.slice(2)

interface Figures {
  readonly readyMs: number
  readonly idleMiB: number
}

async function measure(program: Program): Promise<Figures> {
  await using server = await startServer(program)
  await sleep(IDLE_MS)
  return { readyMs: server.readyMs, idleMiB: await residentMiB(server.pid) }
}

const measured = [await official(), await perdure(main)].map((program) => ({ program, figures: [] as Figures[] }))
for (let round = 1; round <= Number(rounds); round += 1) {
  for (const { program, figures } of round % 2 === 1 ? measured : measured.toReversed()) {
    const found = await measure(program)
    figures.push(found)
    console.log(`round ${round}, ${program.name}: ${found.readyMs.toFixed(0)} ms, ${found.idleMiB.toFixed(0)} MiB`)
  }
}
for (const name of ['readyMs', 'idleMiB'] as const) {
  const [theirs = Number.NaN, ours = Number.NaN] = measured.map(({ figures }) => median(figures.map((f) => f[name])))
  console.log(`${name}: perdure ${ours.toFixed(0)}, official ${theirs.toFixed(0)}, ratio ${(ours / theirs).toFixed(2)}`)
}
