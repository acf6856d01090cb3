import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { nodeFiles } from '../../src/log/files.ts'
import { appendAll, batchesOf, numberedBatch, openLog, scratchDirectory, segmentsIn } from './scratch-log.ts'

t.test('an empty log begins at 0, and an append is durable behind its record', async (t) => {
  await using log = await openLog(scratchDirectory(t))
  t.equal(log.tail, 0)
  t.same(batchesOf(log), [])
  let returned = 0
  const told = await new Promise<number>((resolve) => {
    returned = log.append(Buffer.from('one'), resolve)
    t.equal(log.tail, 0, 'not durable when append returns')
  })
  t.equal(told, returned)
  t.equal(log.tail, returned)
  t.same(
    [...log.read(0)].map(({ position, batch }) => [position, batch.toString()]),
    [[returned, 'one']],
  )
})

t.test('a log reads the same after reopening, from any position that it has named', async (t) => {
  const directory = scratchDirectory(t)
  const batches = [1, 300, 16 * 1024, 16 * 1024 + 1, 5, 3_000_000, 9].map((size, i) => numberedBatch(i, size))
  const log = await openLog(directory)
  const positions = await appendAll(log, batches)
  t.same(
    positions,
    [...positions].sort((a, b) => a - b),
  )
  t.equal(log.tail, positions.at(-1))
  t.ok(Buffer.concat(batchesOf(log)).equals(Buffer.concat(batches)), 'while it is open')
  await log.close()

  await using again = await openLog(directory)
  t.equal(again.tail, log.tail)
  t.equal(again.recoveredBytesCut, 0)
  t.same(
    [...again.read(0)].map((record) => record.position),
    positions,
  )
  for (const [i, position] of [0, ...positions].entries()) {
    t.ok(Buffer.concat(batchesOf(again, position)).equals(Buffer.concat(batches.slice(i))), `from ${position}`)
  }
})

t.test('thousands of appends of all sizes come back in order', async (t) => {
  const directory = scratchDirectory(t)
  const batches = Array.from({ length: 3000 }, (_, i) =>
    numberedBatch(i, i % 100 === 0 ? 40_000 : 1 + ((i * 37) % 9000)),
  )
  const log = await openLog(directory, 2 << 20)
  await appendAll(log, batches)
  await log.close()
  t.ok(segmentsIn(directory).length > 3, 'over several segments')
  await using again = await openLog(directory)
  t.ok(Buffer.concat(batchesOf(again)).equals(Buffer.concat(batches)))
})

t.test('appends of one turn share a sync, whether made by synchronous code, ticks or promises', async (t) => {
  await using log = await openLog(scratchDirectory(t))
  const done: number[] = []
  const append = (n: number) => log.append(Buffer.from([n]), () => done.push(n))
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      append(1)
      process.nextTick(append, 2)
      Promise.resolve()
        .then(() => append(3))
        .then(() => append(4))
        .then(() => {
          log.append(Buffer.from([5]), () => {
            done.push(5)
            resolve()
          })
        })
    })
  })
  t.same([...done].sort(), [1, 2, 3, 4, 5])
  t.equal(log.metrics.syncs, 1)
})

t.test('appends during a sync go together with the next one, and nothing is told before its sync', async (t) => {
  let release: (() => void) | undefined
  let hold = false
  const files = {
    ...nodeFiles,
    fdatasync: (fd: number, done: (error: NodeJS.ErrnoException | null) => void) => {
      const sync = () => nodeFiles.fdatasync(fd, done)
      if (hold) release = sync
      else sync()
    },
  }
  await using log = await openLog(scratchDirectory(t), 1 << 20, files)
  hold = true
  const told: string[] = []
  log.append(Buffer.from('a'), () => told.push('a'))
  while (release === undefined) await new Promise((resolve) => setImmediate(resolve))
  for (const name of ['b', 'c', 'd']) log.append(Buffer.from(name), () => told.push(name))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(told, [], 'the sync has not returned')
  t.equal(log.tail, 0)
  hold = false
  release()
  await appendAll(log, [Buffer.from('e')])
  t.same(told, ['a', 'b', 'c', 'd'])
  t.ok(log.metrics.syncs <= 3, 'one sync for a, one for the three behind it')
  t.same(batchesOf(log).map(String), ['a', 'b', 'c', 'd', 'e'])
})

t.test('more than fits into one write, appended while others wait, comes back in order', async (t) => {
  await using log = await openLog(scratchDirectory(t), 3 << 20)
  const count = 3000
  const appended: Buffer[] = []
  await new Promise<void>((resolve) => {
    let durable = 0
    const appendNext = () => {
      const batch = numberedBatch(appended.length, 2000 + (appended.length % 7) * 150)
      appended.push(batch)
      log.append(batch, () => {
        if (appended.length < count) appendNext()
        if (++durable === count) resolve()
      })
    }
    for (let i = 0; i < 500; i++) appendNext()
  })
  t.ok(log.metrics.syncs > 10)
  t.ok(Buffer.concat(batchesOf(log)).equals(Buffer.concat(appended)))
})

t.test('an append inside of a callback is the next in order', async (t) => {
  await using log = await openLog(scratchDirectory(t))
  const order: string[] = []
  await new Promise<void>((resolve) => {
    log.append(Buffer.from('1'), () => {
      order.push('1')
      log.append(Buffer.from('3'), () => {
        order.push('3')
        resolve()
      })
    })
    log.append(Buffer.from('2'), () => order.push('2'))
  })
  t.same(order, ['1', '2', '3'])
  t.same(batchesOf(log).map(String), ['1', '2', '3'])
})

t.test('batches that no record can hold are refused', async (t) => {
  await using log = await openLog(scratchDirectory(t))
  const never = () => t.fail('durable must not run')
  t.throws(() => log.append(Buffer.alloc(0), never), { code: 'PERDURE_ERR_LOG_BATCH_SIZE_INVALID' })
  const huge = Buffer.allocUnsafeSlow(1024 * 1024 * 1024 + 1)
  t.throws(() => log.append(huge, never), { code: 'PERDURE_ERR_LOG_BATCH_SIZE_INVALID' })
  await appendAll(log, [Buffer.from('next')])
  t.same(batchesOf(log).map(String), ['next'])
})

t.test('close waits for what was appended and takes no more', async (t) => {
  const directory = scratchDirectory(t)
  const log = await openLog(directory)
  let durable = 0
  for (let i = 0; i < 100; i++) log.append(numberedBatch(i, 1000), () => durable++)
  const closed = log.close()
  t.throws(() => log.append(Buffer.from('late'), () => undefined), { code: 'PERDURE_ERR_LOG_CLOSED' })
  await closed
  t.equal(durable, 100)
  await log.close()
  await using again = await openLog(directory)
  t.equal(batchesOf(again).length, 100)
})

t.test('directory and files are private to their owner', async (t) => {
  const directory = join(scratchDirectory(t), 'node', 'log')
  await using log = await openLog(directory)
  await appendAll(log, [Buffer.from('x')])
  t.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of [...segmentsIn(directory), 'lock', 'owner']) {
    t.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
  }
})

t.test('metrics count what was appended and synced', async (t) => {
  await using log = await openLog(scratchDirectory(t))
  t.match(log.metrics, { appendedBatches: 0, appendedBytes: 0, pendingBytes: 0, syncs: 0, lastSyncMs: 0, maxSyncMs: 0 })
  const durable = appendAll(log, [numberedBatch(1, 84), numberedBatch(2, 184)])
  t.match(log.metrics, { appendedBatches: 2, appendedBytes: 300, pendingBytes: 300, syncs: 0 })
  await durable
  t.match(log.metrics, { appendedBatches: 2, appendedBytes: 300, pendingBytes: 0, syncs: 1 })
  t.ok(log.metrics.lastSyncMs > 0)
  t.ok(log.metrics.maxSyncMs >= log.metrics.lastSyncMs)
})
