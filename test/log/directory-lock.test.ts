import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { spawnAppender } from './child-process.ts'
import { appendAll, batchesOf, openLog, scratchDirectory } from './scratch-log.ts'

const inUse = 'PERDURE_ERR_LOG_IN_USE'

t.test('a second server is refused with the pid of the first, which is not disturbed', async (t) => {
  const directory = scratchDirectory(t)
  const owner = spawnAppender(t, directory, 0, 1)
  await owner.printedAtLeast(1)
  const message = new RegExp(`in use by the server with pid ${owner.pid} on .*, since \\d{4}-.*Stop it`)
  for (let i = 0; i < 3; i++) await t.rejects(openLog(directory), { code: inUse, message })
  const before = owner.printed.length
  await owner.printedAtLeast(before + 10)
  await owner.kill()
  await using log = await openLog(directory)
  t.equal(log.epoch, 2, 'the kill has freed it at once')
  t.ok(batchesOf(log).length >= owner.printed.length - 1)
})

t.test('a second opening within a process is refused, by any path and in any thread', async (t) => {
  const parent = scratchDirectory(t)
  const directory = join(parent, 'log')
  const alias = join(parent, 'alias')
  const log = await openLog(directory)
  symlinkSync(directory, alias)
  const refusal = { code: inUse, message: new RegExp(`pid ${process.pid} `) }
  await t.rejects(openLog(directory), refusal)
  await t.rejects(openLog(alias), refusal)
  const module = new URL('../../src/log/segment-log.ts', import.meta.url).href
  const options = { directory, segmentSizeBytes: 1000 }
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     import('${module}').then(({ openSegmentLog }) => openSegmentLog(workerData))
       .then(() => parentPort.postMessage('opened'), (error) => parentPort.postMessage(error.code))`,
    { eval: true, workerData: options },
  )
  t.equal(await new Promise((resolve) => worker.once('message', resolve)), inUse)
  await worker.terminate()

  await appendAll(log, [Buffer.from('still the owner')])
  const other = spawnAppender(t, directory, 0, 1)
  await t.rejects(other.printedAtLeast(1), 'the refused openings have not dropped the lock')
  await log.close()
  await using again = await openLog(alias)
  t.same(batchesOf(again).map(String), ['still the owner'])
})

t.test('a dead owner does not block, even if its pid belongs to another process by now', async (t) => {
  const directory = scratchDirectory(t)
  const owner = spawnAppender(t, directory, 0, 1)
  await owner.printedAtLeast(2)
  await owner.kill()
  t.match(readFileSync(join(directory, 'owner'), 'utf8'), `pid ${owner.pid} on `, 'it could not clean up')
  writeFileSync(join(directory, 'owner'), `pid ${process.ppid} on ${hostname()} since 2020-01-01T00:00:00.000Z\n`)
  await using log = await openLog(directory)
  t.match(readFileSync(join(directory, 'owner'), 'utf8'), `pid ${process.pid} on `)
  t.ok(batchesOf(log).length > 0)
})

t.test('of several that start at once, one gets it', async (t) => {
  const directory = scratchDirectory(t)
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => openLog(directory)))
  const logs = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  t.equal(logs.length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.match(outcome.reason, { code: inUse })
  }
  await logs[0]?.close()
})

t.test('an owner that has not said who it is yet is still in use', async (t) => {
  const directory = scratchDirectory(t)
  await using log = await openLog(directory)
  for (const text of ['', 'pid ', `pid 4194399 on ${hostname()} since 2020-01-01T00:00:00.000Z\n`]) {
    writeFileSync(join(directory, 'owner'), text)
    await t.rejects(openLog(directory), { code: inUse, message: /in use by another server/ })
  }
  t.equal(log.epoch, 1)
})

t.test('closing leaves nothing but segments and an empty lock file', async (t) => {
  const directory = scratchDirectory(t)
  await (await openLog(directory)).close()
  t.same(readdirSync(directory).sort(), ['0000000000000000.log', 'lock'])
  t.equal(readFileSync(join(directory, 'lock')).length, 0)
})

t.test('a lock file that is something else is an error that names it', async (t) => {
  const directory = scratchDirectory(t)
  writeFileSync(join(directory, 'lock'), 'not a lock at all '.repeat(100))
  await t.rejects(openLog(directory), { code: 'PERDURE_ERR_LOG_UNAVAILABLE', message: /cannot lock .*lock/ })
})
