import t from 'tap'
import { spawnAppender } from './child-process.ts'
import { batchesOf, numberedBatch, openLog, scratchDirectory } from './scratch-log.ts'

t.test('what a killed server has acknowledged is there, in order and intact', async (t) => {
  const directory = scratchDirectory(t)
  let first = 0
  for (let round = 1; round <= 10; round++) {
    const appender = spawnAppender(t, directory, first, round % 2 === 0 ? 32 : 1)
    await appender.printedAtLeast(2)
    const delayMs = Math.random() * 100
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    await appender.kill()
    const acknowledged = appender.printed.slice(1).map(Number)
    t.same(
      acknowledged,
      Array.from(acknowledged, (_, i) => first + i),
      'acknowledged in order',
    )

    await using log = await openLog(directory)
    const found = batchesOf(log)
    t.ok(found.length >= first + acknowledged.length, `round ${round}, killed after ${delayMs.toFixed(1)} ms`)
    const expected = Array.from(found, (_, n) => numberedBatch(n, 1 + ((n * 37) % 3000)))
    t.ok(Buffer.concat(found).equals(Buffer.concat(expected)), `all ${found.length} batches are intact`)
    first = found.length
  }
})
