import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { endWithProcess } from './leftovers.ts'
import { body, type Scenario } from './scenarios.ts'

/** What the load generator saw in one run. */
export interface Load {
  readonly requests: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const RESPONSE_TIMEOUT_S = 20
const script = join(import.meta.dirname, 'wrk.lua')

/**
 * Drives one scenario for a time with a number of connections, each of which sends its next request when it has
 * the answer to the last. Throws when wrk is missing, and when a single request failed or was not answered 2xx.
 */
export async function runWrk(ingress: string, scenario: Scenario, connections: number, seconds: number): Promise<Load> {
  const output = await execute(
    [
      ...['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`],
      ...[
        '--timeout',
        `${RESPONSE_TIMEOUT_S}s`,
        '--script',
        script,
        `${ingress}${scenario.path.replace('{key}', '1')}`,
      ],
    ],
    {
      BENCH_BODY: body,
      ...(scenario.keys !== undefined && { BENCH_PATH: scenario.path, BENCH_KEYS: String(scenario.keys) }),
    },
    (seconds + RESPONSE_TIMEOUT_S + 10) * 1000,
  )
  const seen = parse(output)
  const where = `${scenario.name} with ${connections} connections at ${ingress}`
  const failed = seen.connect + seen.read + seen.write + seen.status + seen.timeout
  if (failed > 0) {
    throw new Error(
      `${where}: ${failed} failed requests (${seen.status} answered 400 or above, ${seen.timeout} timed out, ` +
        `${seen.connect} not connected, ${seen.read} not read, ${seen.write} not written) beside ${seen.requests} answers`,
    )
  }
  if (seen.requests === 0) throw new Error(`${where}: not one answer in ${seconds} s`)
  return {
    requests: seen.requests,
    perSecond: seen.requests / (seen.durationUs / 1e6),
    p50Ms: seen.p50Us / 1000,
    p99Ms: seen.p99Us / 1000,
  }
}

const fields = ['requests', 'durationUs', 'p50Us', 'p99Us', 'connect', 'read', 'write', 'status', 'timeout'] as const

function parse(output: string): Record<(typeof fields)[number], number> {
  const line = output.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk printed no result: ${output}`)
  const values: unknown = JSON.parse(line)
  const value = (name: string): number => {
    const found = typeof values === 'object' && values !== null ? Object.entries(values) : []
    const number: unknown = found.find(([key]) => key === name)?.[1]
    if (typeof number !== 'number') throw new Error(`wrk printed no ${name}: ${line}`)
    return number
  }
  return {
    requests: value('requests'),
    durationUs: value('durationUs'),
    p50Us: value('p50Us'),
    p99Us: value('p99Us'),
    connect: value('connect'),
    read: value('read'),
    write: value('write'),
    status: value('status'),
    timeout: value('timeout'),
  }
}

/** Fails early and clearly where wrk is not installed. */
export async function ensureWrk(): Promise<void> {
  // It answers --version with its usage and code 1.
  await execute(['--version'], {}, 10_000, true)
}

function execute(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
  anyCode = false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, timeout: timeoutMs, killSignal: 'SIGKILL' } as const
    const child = execFile('wrk', [...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      if (error.code === 'ENOENT') {
        return reject(
          new Error("the load comes from wrk, which is not installed: apt-get install wrk (or your system's way)"),
        )
      }
      if (anyCode && typeof error.code === 'number') return resolve(stdout)
      reject(new Error(`wrk failed: ${stderr.trim() || error.message}`))
    })
    endWithProcess(child)
  })
}
