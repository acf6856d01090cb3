import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { end, startNode } from '../../examples/processes.ts'
import { register, type ServerProcess, startServerProcess } from '../harness/server-process.ts'

export interface CrashRun {
  readonly invocations: number
  readonly kills: number
  /** Variables of the server. */
  readonly env?: Readonly<Record<string, string>>
}

/** Repeats a run: PERDURE_TEST_SEED=… tap test/durability/crash.test.ts */
const seed = Number(process.env.PERDURE_TEST_SEED ?? randomInt(2 ** 31))

/** mulberry32: small, and the same numbers everywhere. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface WorkResult {
  readonly n: number
  readonly first: string
  readonly helped: { readonly n: number }
  readonly last: string
}

/** What the service has seen. */
interface Report {
  readonly violations: readonly string[]
  readonly executions: number
  readonly acknowledged: number
}

/** Kills a server again and again while it works, and checks that nothing which it has acknowledged is lost or done twice. */
export async function crashRun(t: Test, { invocations, kills, env = {} }: CrashRun): Promise<void> {
  t.comment(`seed ${seed}`)
  const random = randomFrom(seed)
  const directory = t.testdir()
  const service = await startNode([join(import.meta.dirname, 'service.ts')], { RESTATE_LOGGING: 'ERROR' }, [
    /report on (\d+)/,
    /listening on (http:\S+)/,
  ])
  t.teardown(() => end(service.process))
  const reportUrl = `http://127.0.0.1:${service.matches[0]?.[1]}/`

  let server: ServerProcess = await startServerProcess(directory, env)
  t.teardown(() => server.stop())
  await register(server.admin, service.matches[1]?.[1] ?? '')

  /** Asks until the server, this one or the next, has answered. */
  async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    for (;;) {
      try {
        const response = await fetch(`${server.ingress}${path}`, {
          method,
          headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        if (response.status < 500) return { status: response.status, json: JSON.parse(text) }
      } catch {
        // The connection broke: whether the request counted is what the idempotency key is for.
      }
      await sleep(20)
    }
  }

  const sends = Array.from({ length: invocations }, async (_, n) => {
    await sleep(n * 12)
    // Every third without a key: it is repeated until one is acknowledged, and that one counts.
    const headers: Record<string, string> = n % 3 === 0 ? {} : { 'idempotency-key': `key-${n}` }
    const accepted = await ask('POST', '/Worker/work/send', n, headers)
    t.equal(accepted.status, 202)
    return { n, id: String(accepted.json.invocationId), headers }
  })

  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(100 + random() * 500)
    await server.kill()
    server = await startServerProcess(directory, env)
  }

  const acknowledged = await Promise.all(sends)
  const results = await Promise.all(
    acknowledged.map(async ({ n, id, headers }) => {
      const attached = await ask('GET', `/restate/invocation/${id}/attach`)
      // The same key again gives the same result, not a second run.
      const again = 'idempotency-key' in headers ? await ask('POST', '/Worker/work', n, headers) : attached
      return { n, id, attached, again }
    }),
  )
  for (const { n, id, attached, again } of results) {
    const result = attached.json as WorkResult
    if (attached.status !== 200 || result.n !== n || result.helped.n !== n)
      t.fail(`${id} of ${n}: ${JSON.stringify(attached)}`)
    if (JSON.stringify(again.json) !== JSON.stringify(result)) t.fail(`key of ${n} has two results`)
  }
  t.equal(results.length, invocations, 'every acknowledged invocation is finished')
  const report = (await (await fetch(reportUrl)).json()) as Report
  t.same(report.violations, [], 'no acknowledged side effect ran again')
  t.ok(
    report.acknowledged >= invocations * 3,
    `${report.acknowledged} results acknowledged, ${report.executions} executions`,
  )
}
