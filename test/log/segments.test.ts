import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { nodeFiles } from '../../src/log/files.ts'
import {
  appendAll,
  batchesOf,
  copySegments,
  numberedBatch,
  openLog,
  scratchDirectory,
  segmentsIn,
} from './scratch-log.ts'

t.test('a segment is closed when it has reached its size', async (t) => {
  const directory = scratchDirectory(t)
  await using log = await openLog(directory, 1000)
  const ends: number[] = []
  for (let i = 0; i < 10; i++) ends.push(...(await appendAll(log, [numberedBatch(i, 484)])))
  t.same(
    segmentsIn(directory),
    ['0', '1000', '2000', '3000', '4000'].map((n) => `${n.padStart(16, '0')}.log`),
  )
  t.equal(ends.at(-1), 5000, 'positions go on over segments')
  t.equal(statSync(join(directory, '0000000000001000.log')).size, 64 + 1000, 'nothing is left behind the records')
  t.same(
    batchesOf(log),
    Array.from({ length: 10 }, (_, i) => numberedBatch(i, 484)),
  )
})

t.test('every opening is a new owner with the next epoch', async (t) => {
  const directory = scratchDirectory(t)
  for (const epoch of [1, 2, 3]) {
    await using log = await openLog(directory)
    t.equal(log.epoch, epoch)
    t.same(segmentsIn(directory), ['0000000000000000.log'], 'an empty segment is replaced')
  }
  for (const epoch of [4, 5, 6]) {
    await using log = await openLog(directory)
    t.equal(log.epoch, epoch)
    await appendAll(log, [numberedBatch(epoch, 84)])
  }
  t.same(
    segmentsIn(directory),
    ['0', '100', '200'].map((n) => `${n.padStart(16, '0')}.log`),
  )
})

t.test('trim deletes segments whose records all lie before a position', async (t) => {
  const directory = scratchDirectory(t)
  const log = await openLog(directory, 200)
  for (let i = 0; i < 7; i++) await appendAll(log, [numberedBatch(i, 84)])
  t.equal(segmentsIn(directory).length, 4)
  await log.trim(199)
  t.equal(log.start, 0, 'a record behind the position keeps its segment')
  await Promise.all([log.trim(200), log.trim(450)])
  t.same(
    segmentsIn(directory),
    ['400', '600'].map((n) => `${n.padStart(16, '0')}.log`),
  )
  t.equal(log.start, 400)
  await log.trim(700)
  t.equal(log.start, 600, 'the one being written stays')
  t.same(batchesOf(log), [numberedBatch(6, 84)])
  await log.close()

  const again = await openLog(directory, 200)
  t.equal(again.tail, 700)
  t.same(batchesOf(again), [numberedBatch(6, 84)])
  await again.trim(700)
  t.same(segmentsIn(directory), ['0000000000000700.log'], 'a closed one goes even if it was not full')
  await again.close()

  await using empty = await openLog(directory, 200)
  t.equal(empty.tail, 700, 'an emptied log knows its position')
  t.equal(empty.epoch, 3)
})

t.test('a segment that cannot be deleted fails the trim, and the next one tries again', async (t) => {
  const directory = scratchDirectory(t)
  let refuse = true
  const remove = async (path: string) => {
    if (refuse && path.endsWith('.log')) throw Object.assign(new Error('EPERM: refused'), { code: 'EPERM' })
    await nodeFiles.remove(path)
  }
  await using log = await openLog(directory, 100, { ...nodeFiles, remove })
  for (let i = 0; i < 3; i++) await appendAll(log, [numberedBatch(i, 84)])
  await t.rejects(log.trim(100), { code: 'PERDURE_ERR_LOG_UNAVAILABLE' })
  t.equal(log.start, 0)
  await appendAll(log, [numberedBatch(3, 84)])
  refuse = false
  await log.trim(100)
  t.equal(log.start, 100)
})

t.test('positions outside of the log are refused', async (t) => {
  await using log = await openLog(scratchDirectory(t), 100)
  for (let i = 0; i < 3; i++) await appendAll(log, [numberedBatch(i, 84)])
  await log.trim(100)
  t.throws(() => log.read(0), { code: 'PERDURE_ERR_LOG_POSITION_UNKNOWN' }, 'trimmed')
  t.throws(() => log.read(301), { code: 'PERDURE_ERR_LOG_POSITION_UNKNOWN' }, 'past the tail')
  t.throws(() => [...log.read(150)], { code: 'PERDURE_ERR_LOG_CORRUPT' }, 'inside of a record')
  t.same([...log.read(300)], [])
})

t.test('a segment whose creation was interrupted is forgotten', async (t) => {
  const directory = scratchDirectory(t)
  const log = await openLog(directory)
  await appendAll(log, [Buffer.from('kept')])
  await log.close()
  writeFileSync(join(directory, 'new.tmp'), 'PERDL')
  await using again = await openLog(directory)
  t.same(batchesOf(again).map(String), ['kept'])
  t.equal(segmentsIn(directory).length, 2)
  t.throws(() => statSync(join(directory, 'new.tmp')), { code: 'ENOENT' })
})

t.test('what does not belong there is refused by name, and nothing is changed', async (t) => {
  const directory = scratchDirectory(t)
  for (let i = 0; i < 3; i++) {
    const log = await openLog(directory)
    await appendAll(log, [numberedBatch(i, 84)])
    await log.close()
  }
  const [first = '', second = '', third = ''] = segmentsIn(directory)
  const refusal = async (code: string, message: RegExp, change: (copy: string) => void) => {
    const copy = scratchDirectory(t)
    copySegments(directory, copy)
    change(copy)
    const before = segmentsIn(copy).map((name) => readFileSync(join(copy, name)))
    await t.rejects(openLog(copy), { code: `PERDURE_ERR_LOG_${code}`, message }, `${code} ${message}`)
    t.same(
      segmentsIn(copy).map((name) => readFileSync(join(copy, name))),
      before,
    )
    return copy
  }
  const patched = (name: string, at: number, bytes: string) => (copy: string) => {
    const content = readFileSync(join(copy, name))
    content.write(bytes, at, 'latin1')
    writeFileSync(join(copy, name), content)
  }
  const cut = (name: string, size: number) => (copy: string) =>
    writeFileSync(join(copy, name), readFileSync(join(copy, name)).subarray(0, size))

  await refusal('SEGMENT_MISSING', /ends at position 100.*begins at 200/, (copy) => rmSync(join(copy, second)))
  await refusal('FOREIGN_FILE', /notes\.txt does not belong to a log/, (copy) =>
    writeFileSync(join(copy, 'notes.txt'), ''),
  )
  await refusal('FOREIGN_FILE', /77\.log is not a log segment/, (copy) =>
    writeFileSync(join(copy, '0000000000000077.log'), 'something else altogether'),
  )
  await refusal('FOREIGN_FILE', /has been renamed.*begins at position 200/, (copy) => {
    writeFileSync(join(copy, '0000000000000500.log'), readFileSync(join(copy, third)))
    rmSync(join(copy, third))
  })
  await refusal('FOREIGN_FILE', /is not a log segment/, patched(first, 0, 'X'))
  await refusal('FOREIGN_FILE', /is not a log segment/, cut(third, 0))
  await refusal('VERSION_UNKNOWN', /format version 7; this server knows version 1 and 2/, patched(second, 8, '\x07'))
  await refusal('CORRUPT', /header does not match its checksum/, patched(third, 25, '\x01'))
  await refusal('CORRUPT', /header is cut off/, cut(third, 63))

  const copy = await refusal('SEGMENT_MISSING', /ends at position 100/, (copy) => rmSync(join(copy, second)))
  writeFileSync(join(copy, second), readFileSync(join(directory, second)))
  await using log = await openLog(copy)
  t.equal(batchesOf(log).length, 3, 'once repaired it opens: a refusal leaves no lock')
})

t.test('segments of another log, with an older epoch, are refused', async (t) => {
  const [one, other] = [scratchDirectory(t), scratchDirectory(t)]
  for (const [directory, times] of [
    [one, 3],
    [other, 1],
  ] as const) {
    for (let i = 0; i < times; i++) await (await openLog(directory)).close()
    const log = await openLog(directory, 100)
    for (let i = 0; i < 2; i++) await appendAll(log, [numberedBatch(i, 84)])
    await log.close()
  }
  const last = segmentsIn(other).at(-1) ?? ''
  writeFileSync(join(one, last), readFileSync(join(other, last)))
  await t.rejects(openLog(one), { code: 'PERDURE_ERR_LOG_FOREIGN_FILE', message: /epoch 2, before .* \(epoch 4\)/ })
})

t.test('a directory that cannot be used is an error that says so', async (t) => {
  const file = join(scratchDirectory(t), 'file')
  writeFileSync(file, '')
  for (const directory of [file, join(file, 'log')]) {
    await t.rejects(openLog(directory), { code: 'PERDURE_ERR_LOG_UNAVAILABLE', message: /cannot/ })
  }
  const denied = {
    ...nodeFiles,
    list: () => Promise.reject(Object.assign(new Error('EACCES: denied'), { code: 'EACCES' })),
  }
  const directory = scratchDirectory(t)
  await t.rejects(openLog(directory, 100, denied), { code: 'PERDURE_ERR_LOG_UNAVAILABLE', message: /EACCES/ })
  await (await openLog(directory)).close()
})

t.test('a removal that may not be on disk yet is synced before the next one', async (t) => {
  const directory = scratchDirectory(t)
  const steps: string[] = []
  let refuse = false
  const files = {
    ...nodeFiles,
    remove: async (path: string) => {
      if (path.endsWith('.log')) steps.push(`remove ${segmentsIn(directory).length}`)
      await nodeFiles.remove(path)
    },
    syncDirectory: async (path: string) => {
      if (refuse) throw Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' })
      steps.push('sync')
      await nodeFiles.syncDirectory(path)
    },
  }
  await using log = await openLog(directory, 100, files)
  for (let i = 0; i < 4; i++) await appendAll(log, [numberedBatch(i, 84)])
  steps.length = 0
  refuse = true
  await t.rejects(log.trim(200), { code: 'PERDURE_ERR_LOG_UNAVAILABLE', message: /EMFILE/ })
  await t.rejects(log.trim(200), { code: 'PERDURE_ERR_LOG_UNAVAILABLE' })
  t.same(steps, ['remove 4'], 'nothing more goes')
  refuse = false
  await log.trim(200)
  t.same(steps, ['remove 4', 'sync', 'remove 3', 'sync'])
  t.equal(log.start, 200)
})

t.test('a segment that somebody has deleted already is no failure of the trim', async (t) => {
  const directory = scratchDirectory(t)
  await using log = await openLog(directory, 100)
  for (let i = 0; i < 3; i++) await appendAll(log, [numberedBatch(i, 84)])
  rmSync(join(directory, segmentsIn(directory)[0] ?? ''))
  await log.trim(200)
  t.equal(log.start, 200)
})
