import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { appendAll, batchesOf, numberedBatch, openLog, scratchDirectory, segmentsIn } from './scratch-log.ts'

const headerBytes = 64

t.test('a flipped bit in any byte of a durable record refuses to open and names file and offset', async (t) => {
  const directory = scratchDirectory(t)
  const log = await openLog(directory, 1000)
  const batches = [20, 1, 40, 10].map((size, i) => numberedBatch(i, size))
  const ends: number[] = []
  for (const batch of batches) ends.push(...(await appendAll(log, [batch])))
  await log.close()
  const path = join(directory, segmentsIn(directory)[0] ?? '')
  const content = readFileSync(path)
  // The last record is the witness: everything before its group was durable.
  const durable = ends.at(-2) ?? 0
  for (let at = 0; at < durable; at++) {
    const record = [0, ...ends].findLast((position) => position <= at) ?? 0
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Buffer.from(content)
      const byte = damaged[headerBytes + at] ?? 0
      damaged[headerBytes + at] = byte ^ (1 << bit)
      writeFileSync(path, damaged)
      const error = await openLog(directory).then(
        async (opened) => opened.close(),
        (refusal: unknown) => refusal,
      )
      const named = `${path} is damaged at byte ${headerBytes + record} (log position ${record})`
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'PERDURE_ERR_LOG_CORRUPT') {
        t.fail(`bit ${bit} of byte ${at}: ${String(error)}`)
      } else if (!error.message.includes(named) || !error.message.includes('Restore the data directory')) {
        t.fail(`bit ${bit} of byte ${at}: ${error.message}`)
      }
      if (!readFileSync(path).equals(damaged)) t.fail(`byte ${at}: the file was changed`)
    }
  }
  t.pass(`${durable * 8} bits`)
  writeFileSync(path, content)
  await using again = await openLog(directory)
  t.same(batchesOf(again), batches)
})

t.test('in a segment that is not the last one, every byte counts', async (t) => {
  const directory = scratchDirectory(t)
  const log = await openLog(directory, 100)
  for (let i = 0; i < 4; i++) await appendAll(log, [numberedBatch(i, 84)])
  await log.close()
  const [path = '', second = ''] = segmentsIn(directory).map((name) => join(directory, name))
  const content = readFileSync(path)
  const refused = async (changed: Buffer, what: string) => {
    writeFileSync(path, changed)
    await t.rejects(openLog(directory), { code: 'PERDURE_ERR_LOG_CORRUPT', message: path }, what)
  }
  for (const at of [headerBytes, headerBytes + 4, headerBytes + 12, headerBytes + 50, content.length - 1]) {
    const damaged = Buffer.from(content)
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    await refused(damaged, `flip at ${at}, in the last record of the segment`)
  }
  await refused(content.subarray(0, content.length - 1), 'cut by a byte')
  await refused(Buffer.concat([content, Buffer.alloc(1)]), 'a byte too long')
  writeFileSync(path, content.subarray(0, headerBytes))
  await t.rejects(openLog(directory), { code: 'PERDURE_ERR_LOG_SEGMENT_MISSING', message: second }, 'cut to its header')
  writeFileSync(path, content)
  await (await openLog(directory)).close()
})

t.test('damage to a file that is open shows when it is read', async (t) => {
  const directory = scratchDirectory(t)
  await using log = await openLog(directory, 1000)
  await appendAll(log, [numberedBatch(1, 50), numberedBatch(2, 50)])
  const path = join(directory, segmentsIn(directory)[0] ?? '')
  const content = readFileSync(path)
  content[headerBytes + 70] = (content[headerBytes + 70] ?? 0) ^ 1
  writeFileSync(path, content)
  t.throws(() => batchesOf(log), { code: 'PERDURE_ERR_LOG_CORRUPT', message: /begins at byte 130 of/ })
})
