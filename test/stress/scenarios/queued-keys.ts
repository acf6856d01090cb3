import assert from 'node:assert/strict'
import { concurrently } from '../concurrently.ts'
import { CONNECTIONS } from '../ingress-client.ts'
import type { Rig } from '../rig.ts'
import { type Figures, perSecond, type Scale, type Scenario, seconds, stopwatch } from '../scenario.ts'
import type { QueueResult } from '../service-types.ts'

/** Objects whose keys are held while calls queue up behind them, in order; then all of them are let go. */
export const queuedKeys: Scenario = {
  name: 'queues of keys',
  memoryBoundMiB: 1200,
  async run(rig: Rig, { keys, queuedPerKey }: Scale): Promise<Figures> {
    const queued = keys * queuedPerKey
    await concurrently(keys, CONNECTIONS, async (key) => {
      await rig.ingress.json('POST', `/StressQueue/${key}/hold/send`, key)
    })
    const filling = stopwatch()
    await concurrently(keys, CONNECTIONS, async (key) => {
      for (let n = 0; n < queuedPerKey; n += 1) {
        await rig.ingress.json('POST', `/StressQueue/${key}/append/send`, n)
      }
    })
    const fillMs = filling()
    await rig.until('all holders are suspended', 60_000, ({ suspended, inFlight }) => {
      return suspended >= keys && inFlight === 0
    })
    const { completed, inMemory } = await rig.figures()
    assert.equal(completed, 0, 'nothing overtakes the holder of its key')
    assert.equal(inMemory, keys + queued, 'everything waits')

    const { awakeableIds } = await rig.seen()
    const draining = stopwatch()
    await concurrently(keys, CONNECTIONS, async (key) => {
      await rig.ingress.json('POST', `/restate/awakeables/${awakeableIds[key]}/resolve`, null)
    })
    await rig.until('the queues are empty', 240_000, (figures) => figures.completed >= keys + queued)
    const drainMs = draining()
    await concurrently(keys, CONNECTIONS, async (key) => {
      const result = await rig.ingress.json<QueueResult>('POST', `/StressQueue/${key}/result`)
      assert.deepEqual(result, { appended: queuedPerKey, outOfOrder: 0 }, `key ${key}`)
    })
    assert.equal((await rig.figures()).failed, 0, 'no attempt failed')
    return {
      queued: `${keys} keys x ${queuedPerKey} in ${seconds(fillMs)} (${perSecond(queued, fillMs)})`,
      drained: `in ${seconds(drainMs)} (${perSecond(queued, drainMs)})`,
    }
  },
}
