import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { BinaryWriter } from '../../src/core/codec/binary-writer.ts'
import { writeEvent } from '../../src/core/codec/event-codec.ts'
import { isIdleKeyed } from '../../src/core/keyed.ts'
import type { PartitionState } from '../../src/core/state.ts'
import { recover } from '../../src/partition/recovery.ts'
import { Store } from '../../src/store/store.ts'
import { Bench } from '../core/fixtures.ts'
import { run, steps } from '../core/histories.ts'
import { ManualLog } from './manual-log.ts'

/** What must be in memory after a start: all that is unfinished, and who holds and waits for which key. */
function essentials(state: PartitionState) {
  return {
    nextSeq: state.nextSeq,
    nextOrder: state.nextOrder,
    unfinished: [...state.hot()]
      .filter(({ status }) => status !== 'completed')
      .map((invocation) => structuredClone(invocation))
      .sort((a, b) => a.seq - b.seq),
    queues: [...state.hotKeyed()]
      .filter((keyed) => !isIdleKeyed(keyed))
      .map(({ service, key, holder, queue }) => structuredClone({ service, key, holder, queue: [...queue] }))
      .sort((a, b) => (a.service + a.key < b.service + b.key ? -1 : 1)),
  }
}

t.test('wherever the store stopped, store and log together give the state', async (t) => {
  const root = t.testdir()
  let number = 0
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(100), async (list, percent) => {
      const bench = new Bench()
      run(bench, list)
      const directory = join(root, `${++number}`)
      mkdirSync(directory)
      const log = new ManualLog({ automatic: false })
      for (const turn of bench.turns) {
        if (turn.events.length === 0) continue
        const writer = new BinaryWriter()
        for (const event of turn.events) writeEvent(writer, event)
        log.append(writer.take(), () => {})
      }
      log.sync()
      const options = {
        directory,
        checkpointIntervalMs: 1000,
        onFolded: () => {},
        onFatal: (e: Error) => t.fail(e.message),
      }
      const before = await Store.open(options)
      for (const { position, batch } of log.records.slice(0, (log.records.length * percent) / 100)) {
        const copy = Buffer.allocUnsafeSlow(batch.length)
        batch.copy(copy)
        before.fold(position, copy)
      }
      await before.close()

      const store = await Store.open(options)
      const { state } = recover(log, store, { expiresExactly: true })
      t.same(essentials(state), essentials(bench.state))
      await store.checkpoint()
      t.equal(store.position, log.tail, 'the store gets what it lacked')
      for (const invocation of bench.state.hot()) {
        t.same(state.find(invocation.id)?.result, invocation.result, 'and finished ones are found')
      }
      await store.close()
    }),
    { numRuns: 20 },
  )
})
