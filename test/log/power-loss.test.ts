import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { openSegmentLog } from '../../src/log/segment-log.ts'
import { PowerLossFiles } from './power-loss-files.ts'
import {
  appendAll,
  batchesOf,
  copySegments,
  numberedBatch,
  openLog,
  scratchDirectory,
  segmentsIn,
} from './scratch-log.ts'

/** Runs groups to the end, begins one more, and loses power in the middle of its sync. Returns what the disk has. */
async function losePower(
  t: Test,
  synced: readonly number[][],
  unsynced: readonly number[],
  survives: (sector: number) => boolean,
) {
  const power = new PowerLossFiles()
  const directory = scratchDirectory(t)
  const { files } = power
  const log = await openSegmentLog({ directory, segmentSizeBytes: 20_000, files, onFatal: () => undefined })
  let number = 0
  const make = (sizes: readonly number[]) => sizes.map((size) => numberedBatch(number++, size))
  const acknowledged: Buffer[] = []
  for (const sizes of synced) {
    const batches = make(sizes)
    await appendAll(log, batches)
    acknowledged.push(...batches)
  }
  power.holdSyncs = true
  const lost = make(unsynced)
  let told = 0
  for (const batch of lost) log.append(batch, () => told++)
  while (power.heldSyncs === 0) await new Promise((resolve) => setImmediate(resolve))
  power.lose(join(directory, segmentsIn(directory).at(-1) ?? ''), survives)
  const disk = scratchDirectory(t)
  copySegments(directory, disk)
  power.failHeldSyncs()
  await log.close()
  t.equal(told, 0, 'nothing was acknowledged without a sync')
  return { disk, acknowledged, lost }
}

t.test('a hole in an unsynced group, with a valid record of the group behind it, is torn and not damage', async (t) => {
  const sizes = [1000, 1000, 1000, 1000]
  const { disk, acknowledged } = await losePower(t, [[100], [200]], sizes, (sector) => sector !== 3)
  await using log = await openLog(disk)
  t.same(batchesOf(log).slice(0, 2), acknowledged)
  t.equal(batchesOf(log).length, 3, 'the record before the hole was whole')
  t.ok(log.recoveredBytesCut > 2000, 'those behind it are cut')
  await appendAll(log, [Buffer.from('on')])
  t.equal(batchesOf(log).length, 4)
})

t.test('the same hole in a group that was synced is damage', async (t) => {
  const { disk } = await losePower(t, [[1000, 1000, 1000, 1000]], [100], () => true)
  const path = join(disk, segmentsIn(disk)[0] ?? '')
  const content = readFileSync(path)
  content.fill(0, 1536, 2048)
  writeFileSync(path, content)
  await t.rejects(openLog(disk), {
    code: 'PERDURE_ERR_LOG_CORRUPT',
    message: /byte 1080 .*the record at byte 4128 was written/,
  })
})

t.test(
  'whatever sectors of an unsynced group survive, all that was acknowledged is there and the log goes on',
  async (t) => {
    const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 300, max: 1500 }), fc.constant(17_000))
    const group = fc.array(size, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { maxLength: 4 }),
        group,
        fc.infiniteStream(fc.boolean()),
        async (synced, unsynced, survival) => {
          const { disk, acknowledged, lost } = await losePower(
            t,
            synced,
            unsynced,
            () => survival.next().value === true,
          )
          const log = await openLog(disk, 20_000)
          const found = batchesOf(log)
          const all = [...acknowledged, ...lost]
          t.ok(found.length >= acknowledged.length)
          t.ok(Buffer.concat(found).equals(Buffer.concat(all.slice(0, found.length))), 'a prefix of what was appended')
          await appendAll(log, [Buffer.from('behind')])
          await log.close()
          const again = await openLog(disk, 20_000)
          t.ok(Buffer.concat(batchesOf(again)).equals(Buffer.concat([...found, Buffer.from('behind')])))
          t.equal(again.recoveredBytesCut, 0)
          await again.close()
        },
      ),
      { numRuns: 80 },
    )
  },
)
