// Start to ready, and resident memory when idle, of this server and the official one: alternating rounds on fresh
// directories, medians and ratios.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end } from '../../examples/processes.ts'
import { ensurePeer } from '../peer/peer.ts'

const ROUNDS = Number(process.argv[2] ?? 5)
const IDLE_MS = 3000

interface Figures {
  readonly readyMs: number
  readonly idleMiB: number
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

async function measure(command: string, args: readonly string[]): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), 'perdure-bench-'))
  const [ingress, admin, fabric] = await Promise.all([freePort(), freePort(), freePort()])
  const startedAt = performance.now()
  const child = spawn(command, args, {
    stdio: 'ignore',
    env: {
      ...process.env,
      RESTATE_BASE_DIR: directory,
      RESTATE_NODE_NAME: 'bench',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: String(fabric),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_LOG_FILTER: 'warn',
      DO_NOT_TRACK: '1',
    },
  })
  try {
    while (
      !(await answers(`http://127.0.0.1:${ingress}/restate/health`)) ||
      !(await answers(`http://127.0.0.1:${admin}/health`))
    ) {
      if (performance.now() - startedAt > 30_000) throw new Error(`${command} is not ready after 30 s`)
      await sleep(2)
    }
    const readyMs = performance.now() - startedAt
    await sleep(IDLE_MS)
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    return { readyMs, idleMiB: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024 }
  } finally {
    await end(child, 'SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const { server: official } = await ensurePeer()
const ours: Figures[] = []
const theirs: Figures[] = []
for (let round = 1; round <= ROUNDS; round += 1) {
  theirs.push(await measure(official, []))
  ours.push(await measure(process.execPath, [join(import.meta.dirname, process.argv[3] ?? '../../dist/main.js')]))
  console.log(`round ${round}:`, { official: theirs.at(-1), perdure: ours.at(-1) })
}
for (const name of ['readyMs', 'idleMiB'] as const) {
  const [a, b] = [ours, theirs].map((figures) => median(figures.map((f) => f[name])))
  if (a !== undefined && b !== undefined)
    console.log(`${name}: perdure ${a.toFixed(0)}, official ${b.toFixed(0)}, ratio ${(a / b).toFixed(2)}`)
}
