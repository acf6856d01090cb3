import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { openSegmentLog, type SegmentLog } from '../../src/log/segment-log.ts'
import type { KeyRing } from '../../src/sealing/key-ring.ts'
import { appendAll, batchesOf, numberedBatch, scratchDirectory, segmentsIn } from '../log/scratch-log.ts'
import { foundIn, newKey, ringOf } from './keys.ts'

function open(directory: string, keys: KeyRing | undefined, segmentSizeBytes = 1 << 20): Promise<SegmentLog> {
  const onFatal = (error: Error) => {
    throw error
  }
  return openSegmentLog({ directory, segmentSizeBytes, onFatal, keys })
}

const sizes = [1, 15, 16, 300, 16 * 1024, 16 * 1024 + 1, 300_000, 5 * 1024 * 1024]

t.test('records of every size come back, and nothing of them is in the file', async (t) => {
  const directory = scratchDirectory(t)
  const keys = ringOf(newKey())
  const batches = [...sizes.map((size, n) => numberedBatch(n, size)), Buffer.from('a secret that is long enough')]
  {
    await using log = await open(directory, keys)
    const positions = await appendAll(log, batches)
    t.equal(positions.at(-1), log.tail)
    t.same(batchesOf(log), batches)
  }
  await using log = await open(directory, keys)
  t.same(batchesOf(log), batches)
  t.same(foundIn(directory, ['a secret that is long enough', batches[3]?.toString('latin1') ?? '']), [])
})

t.test('the same batch never looks the same twice', async (t) => {
  const directory = scratchDirectory(t)
  const keys = ringOf(newKey())
  const batch = Buffer.from('the same')
  for (let opening = 0; opening < 2; opening += 1) {
    await using log = await open(directory, keys)
    await appendAll(log, [batch, batch])
  }
  const bodies = segmentsIn(directory).flatMap((name) => {
    const content = readFileSync(join(directory, name))
    return [0, 1].map((n) => content.toString('hex', 64 + n * 40 + 16, 64 + (n + 1) * 40))
  })
  t.equal(new Set(bodies).size, 4)
})

t.test('sealing is switched on for a log in clear, and its key is changed', async (t) => {
  const directory = scratchDirectory(t)
  const [first, second] = [newKey(), newKey()]
  const batches: Buffer[] = []
  for (const keys of [undefined, ringOf(first), ringOf(second, first)]) {
    await using log = await open(directory, keys, 1000)
    const more = [1, 2, 3].map((n) => numberedBatch(batches.length + n, 400))
    for (const batch of more) await appendAll(log, [batch])
    batches.push(...more)
    t.same(batchesOf(log), batches, 'old segments and new ones are read together')
  }
  const content = readFileSync(join(directory, segmentsIn(directory)[0] ?? ''))
  t.ok(content.includes(numberedBatch(1, 400)), 'the search would find what is in clear')
  await using log = await open(directory, ringOf(second, first), 1000)
  t.ok(log.holdsOtherThan(ringOf(second).current.id))
  await log.trim(log.tail)
  t.notOk(log.holdsOtherThan(ringOf(second).current.id))
  await appendAll(log, [numberedBatch(99, 400)])
  await log.close()
  await using alone = await open(directory, ringOf(second))
  t.same(batchesOf(alone), [numberedBatch(99, 400)], 'trimmed, it needs the first key no more')
})

t.test('without the key, or with another one, the log is refused and stays as it is', async (t) => {
  const directory = scratchDirectory(t)
  const keys = ringOf(newKey())
  {
    await using log = await open(directory, keys)
    await appendAll(log, [numberedBatch(1, 100)])
  }
  const files = segmentsIn(directory)
  const before = files.map((name) => readFileSync(join(directory, name)))
  const { id } = keys.current
  const other = ringOf(newKey())
  const missing = (message: RegExp) => ({ code: 'PERDURE_ERR_SEALING_KEY_MISSING', message })
  await t.rejects(open(directory, undefined), missing(new RegExp(`${id}, but secrets.key-file is not set`)))
  await t.rejects(open(directory, other), missing(new RegExp(`${id}, but .* only ${other.current.id}`)))
  t.same(segmentsIn(directory), files)
  t.same(
    files.map((name) => readFileSync(join(directory, name))),
    before,
  )
  await using log = await open(directory, keys)
  t.same(batchesOf(log), [numberedBatch(1, 100)])
})

t.test('a record that was changed, and given a checksum that fits, does not open', async (t) => {
  const directory = scratchDirectory(t)
  const keys = ringOf(newKey())
  {
    await using log = await open(directory, keys)
    await appendAll(log, [numberedBatch(1, 100)])
  }
  // Opening cuts off what was allocated ahead.
  await (await open(directory, keys)).close()
  const path = join(directory, segmentsIn(directory)[0] ?? '')
  const content = readFileSync(path)
  for (const at of [0, 50, 115]) {
    const changed = Buffer.from(content)
    changed[80 + at] = (changed[80 + at] ?? 0) ^ 1
    changed.writeUInt32LE(crc32(changed.subarray(68, 80 + 116), 0), 64)
    writeFileSync(path, changed)
    await using log = await open(directory, keys)
    t.throws(() => batchesOf(log, 0), { code: 'PERDURE_ERR_SEALING_TAMPERED', message: /log position 0 of/ })
  }
})
