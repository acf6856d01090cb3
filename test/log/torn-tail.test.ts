import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { appendAll, batchesOf, numberedBatch, openLog, scratchDirectory, segmentsIn } from './scratch-log.ts'

const headerBytes = 64
const batches = [20, 1, 40].map((size, i) => numberedBatch(i, size))

/** A log of three records, one group each, as its owner left it. */
async function smallLog(t: Test) {
  const directory = scratchDirectory(t)
  const log = await openLog(directory, 1000)
  const ends: number[] = []
  for (const batch of batches) ends.push(...(await appendAll(log, [batch])))
  await log.close()
  const name = segmentsIn(directory)[0] ?? ''
  return { name, content: readFileSync(join(directory, name)), ends }
}

t.test('a log that is cut at any byte loses what the cut touches and nothing else', async (t) => {
  const { name, content, ends } = await smallLog(t)
  const end = ends.at(-1) ?? 0
  for (const fill of ['nothing', 'zeros'] as const) {
    const directory = scratchDirectory(t)
    for (let cut = 0; cut <= end; cut++) {
      const left = content.subarray(0, headerBytes + cut)
      const zeros = Buffer.alloc(fill === 'zeros' ? 500 : 0)
      const copy = join(directory, `cut-${cut}`)
      const log = await openCopy(copy, name, Buffer.concat([left, zeros]))
      const whole = ends.filter((position) => position <= cut)
      const tail = whole.at(-1) ?? 0
      if (log.tail !== tail) t.fail(`cut at ${cut}: tail ${log.tail} instead of ${tail}`)
      const torn = content.subarray(headerBytes + tail, headerBytes + cut)
      const tornBytes = torn.findLastIndex((byte) => byte !== 0) + 1
      if (log.recoveredBytesCut !== tornBytes) t.fail(`cut at ${cut}: ${log.recoveredBytesCut} bytes reported`)
      await appendAll(log, [Buffer.from('behind the cut')])
      await log.close()
      const again = await openLog(copy)
      const expected = [...batches.slice(0, whole.length), Buffer.from('behind the cut')]
      if (!Buffer.concat(batchesOf(again)).equals(Buffer.concat(expected))) t.fail(`cut at ${cut}: wrong batches`)
      if (again.recoveredBytesCut !== 0) t.fail(`cut at ${cut}: cut twice`)
      await again.close()
    }
    t.pass(`${end + 1} cuts followed by ${fill}`)
  }
})

t.test('a flipped bit in the last record is a torn tail', async (t) => {
  const { name, content, ends } = await smallLog(t)
  const [, start = 0, end = 0] = ends
  const directory = scratchDirectory(t)
  for (let at = start; at < end; at++) {
    const damaged = Buffer.from(content)
    const byte = damaged[headerBytes + at] ?? 0
    damaged[headerBytes + at] = byte ^ (1 << (at % 8))
    const log = await openCopy(join(directory, `flip-${at}`), name, damaged)
    if (log.tail !== start) t.fail(`flip at ${at}: tail ${log.tail}`)
    if (log.recoveredBytesCut !== end - start) t.fail(`flip at ${at}: ${log.recoveredBytesCut} bytes reported`)
    await log.close()
  }
  t.pass(`${end - start} flips`)
})

t.test('bytes inside of a torn batch that look like a record are not taken for one', async (t) => {
  const forged = await smallLog(t)
  const records = forged.content.subarray(headerBytes, headerBytes + (forged.ends.at(-1) ?? 0))
  const directory = scratchDirectory(t)
  const log = await openLog(directory, 1000)
  await appendAll(log, [Buffer.concat([records, records])])
  await log.close()
  const name = segmentsIn(directory)[0] ?? ''
  const content = readFileSync(join(directory, name))
  content.writeUInt8(content.readUInt8(headerBytes) ^ 1, headerBytes)
  await using opened = await openCopy(join(directory, 'copy'), name, content)
  t.equal(opened.tail, 0)
  t.ok(opened.recoveredBytesCut > 0)
})

async function openCopy(directory: string, name: string, content: Buffer) {
  await (await openLog(directory)).close()
  writeFileSync(join(directory, name), content)
  return openLog(directory)
}
