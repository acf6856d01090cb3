import assert from 'node:assert/strict'
import { concurrently } from '../concurrently.ts'
import { CONNECTIONS } from '../ingress-client.ts'
import type { Rig } from '../rig.ts'
import { type Figures, perSecond, type Scale, type Scenario, seconds, stopwatch } from '../scenario.ts'

/** Invocations that are suspended on an awakeable; the server is killed while half of them have been resolved. */
export const awakeables: Scenario = {
  name: 'suspended on awakeables',
  memoryBoundMiB: 600,
  async run(rig: Rig, { awakeables: count }: Scale): Promise<Figures> {
    const sending = stopwatch()
    const ids: string[] = []
    await concurrently(count, CONNECTIONS, async (n) => {
      const accepted = await rig.ingress.json<Accepted>('POST', '/StressAwakeables/wait/send', n)
      ids[n] = accepted.invocationId
    })
    const sendMs = sending()
    await rig.until('all are suspended', 120_000, (figures) => figures.suspended >= count && figures.inFlight === 0)
    const suspendedMs = sending()
    const { failed } = await rig.figures()
    assert.equal(failed, 0, 'no attempt failed')

    const { awakeableIds } = await rig.seen()
    const acknowledged = new Set<number>()
    const resolve = async (n: number): Promise<void> => {
      const id = awakeableIds[n]
      await rig.ingress.json('POST', `/restate/awakeables/${id}/resolve`, resolvedWith(n))
      acknowledged.add(n)
    }
    let killed: Promise<void> | undefined
    await concurrently(count, CONNECTIONS, async (n) => {
      if (killed !== undefined) return
      if (acknowledged.size >= count / 2) killed = rig.kill()
      // The connection breaks for those that are on their way: they are resolved again below.
      else await resolve(n).catch(() => {})
    })
    await killed
    const survivors = acknowledged.size
    const restartMs = await rig.restart()

    const finishing = stopwatch()
    // Those that have been acknowledged keep their first value.
    await concurrently(count, CONNECTIONS, async (n) => {
      if (!acknowledged.has(n)) await resolve(n)
      else if (n % 10 === 0) {
        await rig.ingress.json('POST', `/restate/awakeables/${awakeableIds[n]}/resolve`, 'too late')
      }
    })
    await concurrently(count, CONNECTIONS, async (n) => {
      const result = await rig.ingress.json('GET', `/restate/invocation/${ids[n]}/attach`)
      assert.equal(result, resolvedWith(n), `invocation ${n} has its value`)
    })
    const finishMs = finishing()
    const after = await rig.figures()
    assert.equal(after.failed, 0, 'no attempt failed after the crash')
    return {
      sent: `${count} in ${seconds(sendMs)} (${perSecond(count, sendMs)})`,
      'all suspended after': seconds(suspendedMs),
      'killed when resolved': String(survivors),
      'start after the crash': seconds(restartMs),
      'rest resolved, all results': seconds(finishMs),
    }
  },
}

interface Accepted {
  readonly invocationId: string
}

function resolvedWith(n: number): string {
  return `value ${n}`
}
