import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSegmentLog, type SegmentLog } from '../../src/log/segment-log.ts'
import type { KeyRing } from '../../src/sealing/key-ring.ts'
import { appendAll, batchesOf, numberedBatch, scratchDirectory, segmentsIn } from '../log/scratch-log.ts'
import { newKey, ringOf } from './keys.ts'

const headerBytes = 64
const recordHeaderBytes = 16
const tagBytes = 16

function open(directory: string, keys: KeyRing | undefined): Promise<SegmentLog> {
  const onFatal = (error: Error) => {
    throw error
  }
  return openSegmentLog({ directory, segmentSizeBytes: 1000, onFatal, keys })
}

const batches = [20, 1, 40].map((size, i) => numberedBatch(i, size))

/** A log of three sealed records, one group each, as its owner left it. */
async function smallLog(t: Test, keys: KeyRing | undefined) {
  const directory = scratchDirectory(t)
  const log = await open(directory, keys)
  const ends: number[] = []
  for (const batch of batches) ends.push(...(await appendAll(log, [batch])))
  await log.close()
  const name = segmentsIn(directory)[0] ?? ''
  return { name, content: readFileSync(join(directory, name)), ends }
}

async function openCopy(directory: string, name: string, content: Buffer, keys: KeyRing): Promise<SegmentLog> {
  await (await open(directory, undefined)).close()
  writeFileSync(join(directory, name), content)
  return open(directory, keys)
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)))
}

t.test('what is written again at the position of a torn record has another key stream', async (t) => {
  const keys = ringOf(newKey())
  const directory = scratchDirectory(t)
  const texts = ['first of its place', 'other of its place', 'third of its place'].map((text) => Buffer.from(text))
  const bodies: Buffer[] = []
  for (const text of texts) {
    await using log = await open(directory, keys)
    t.equal(log.tail, 0, 'always at the same position')
    await appendAll(log, [text])
    const path = join(directory, segmentsIn(directory).at(-1) ?? '')
    const content = readFileSync(path)
    const start = headerBytes + recordHeaderBytes
    bodies.push(Buffer.from(content.subarray(start, start + text.length + tagBytes)))
    // The crash: the record did not reach the disk as a whole.
    content.writeUInt8(content.readUInt8(start + text.length) ^ 1, start + text.length)
    writeFileSync(path, content)
  }
  for (const [i, one] of bodies.entries()) {
    for (const [j, other] of bodies.entries()) {
      if (i >= j) continue
      const texted = xor(texts[i] ?? Buffer.alloc(0), texts[j] ?? Buffer.alloc(0))
      t.notOk(xor(one, other).subarray(0, texted.length).equals(texted), 'a key and nonce used twice would show this')
    }
  }
})

t.test('a sealed log that is cut at any byte loses what the cut touches and nothing else', async (t) => {
  const keys = ringOf(newKey())
  const { name, content, ends } = await smallLog(t, keys)
  const end = ends.at(-1) ?? 0
  const directory = scratchDirectory(t)
  for (let cut = 0; cut <= end; cut++) {
    const copy = join(directory, `cut-${cut}`)
    const left = content.subarray(0, headerBytes + cut)
    const log = await openCopy(copy, name, Buffer.concat([left, Buffer.alloc(cut % 2 === 0 ? 0 : 300)]), keys)
    const whole = ends.filter((position) => position <= cut)
    if (log.tail !== (whole.at(-1) ?? 0)) t.fail(`cut at ${cut}: tail ${log.tail}`)
    await appendAll(log, [Buffer.from('behind the cut')])
    await log.close()
    const again = await open(copy, keys)
    const expected = [...batches.slice(0, whole.length), Buffer.from('behind the cut')]
    if (!Buffer.concat(batchesOf(again)).equals(Buffer.concat(expected))) t.fail(`cut at ${cut}: wrong batches`)
    await again.close()
  }
  t.pass(`${end + 1} cuts`)
})

t.test('a flipped bit in the header or in a durable record is refused, and nothing is changed', async (t) => {
  const keys = ringOf(newKey())
  const { name, content, ends } = await smallLog(t, keys)
  const directory = scratchDirectory(t)
  await (await open(directory, undefined)).close()
  const path = join(directory, name)
  const headerEnd = 60
  const durable = headerBytes + (ends.at(-2) ?? 0)
  for (let at = 0; at < durable; at++) {
    // Zeros that mean nothing.
    if (at >= headerEnd && at < headerBytes) continue
    const damaged = Buffer.from(content)
    damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (at % 8)), at)
    writeFileSync(path, damaged)
    const error: unknown = await open(directory, keys).then(
      (opened) => opened.close(),
      (refusal: unknown) => refusal,
    )
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (!/^PERDURE_ERR_LOG_(CORRUPT|FOREIGN_FILE|VERSION_UNKNOWN)$/.test(code)) t.fail(`byte ${at}: ${code}`)
    if (!readFileSync(path).equals(damaged)) t.fail(`byte ${at}: the file was changed`)
  }
  t.pass(`${durable} bytes`)
})

t.test('a torn tail of the very first sealed record needs no key', async (t) => {
  const { name, content } = await smallLog(t, ringOf(newKey()))
  const directory = scratchDirectory(t)
  const other = ringOf(newKey())
  await using log = await openCopy(directory, name, content.subarray(0, headerBytes + 20), other)
  t.equal(log.tail, 0)
  await appendAll(log, [Buffer.from('on')])
  t.same(batchesOf(log), [Buffer.from('on')])
})
