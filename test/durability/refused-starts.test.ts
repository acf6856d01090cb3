import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DirectoryLock } from '../../src/log/directory-lock.ts'
import { id } from '../core/fixtures.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { segmentsIn } from '../log/scratch-log.ts'
import { later, startEngine } from './engine.ts'

/** A data directory that three owners have written, each a segment; everything is in the store too. */
async function threeOwners(t: Test) {
  const base = shortDirectory(t)
  for (const name of ['a', 'b', 'c']) {
    const engine = await startEngine(t, base)
    await engine.partition.send(later(name))
    await engine.close()
  }
  const log = join(base, 'test', 'log')
  const store = join(base, 'test', 'store')
  t.equal(segmentsIn(log).length, 3)
  const segment = (index: number) => join(log, segmentsIn(log).at(index) ?? '')
  const content = () => (!existsSync(log) ? [] : segmentsIn(log).map((name) => readFileSync(join(log, name), 'hex')))
  return { base, log, store, segment, content }
}

/** With the modes: others must not be able to read it. */
const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to])

async function seesAll(t: Test, base: string, names = ['a', 'b', 'c']) {
  const engine = await startEngine(t, base)
  for (const name of names) t.ok(engine.partition.invocation(id(name)), name)
  await engine.close()
}

const ends = {
  code: 'PERDURE_ERR_LOG_POSITION_UNKNOWN',
  message: /ends at position .*Nothing.*Put the missing files back/,
}

t.test('a log whose end the store knows and that is cut is refused, and not cut further', async (t) => {
  const { base, segment, content } = await threeOwners(t)
  const newest = segment(-1)
  const whole = readFileSync(newest)
  truncateSync(newest, whole.length - 260_000)
  const records = 64 + whole.subarray(64).findLastIndex((byte) => byte !== 0) + 1 - 64
  for (const size of [64, 64 + 20, 64 + records - 1]) {
    truncateSync(newest, size)
    const before = content()
    await t.rejects(startEngine(t, base), ends)
    t.same(content(), before, `cut to ${size} bytes, nothing is changed`)
  }
})

t.test('segments that are missing are refused: the newest, the oldest, one between, all', async (t) => {
  const { base, log, store, segment, content } = await threeOwners(t)
  const refuses = async (files: string[], expected: { code: string; message?: RegExp }) => {
    const kept = join(base, 'kept')
    copy(join(base, 'test'), kept)
    for (const file of files) rmSync(file, { recursive: true })
    const before = content()
    await t.rejects(startEngine(t, base), expected)
    t.same(content(), before, 'nothing is changed')
    rmSync(join(base, 'test'), { recursive: true })
    copy(kept, join(base, 'test'))
    rmSync(kept, { recursive: true })
  }
  await refuses([segment(-1)], ends)
  await refuses([segment(0), segment(1), segment(2)], ends)
  await refuses([log], ends)
  await refuses([segment(1)], { code: 'PERDURE_ERR_LOG_SEGMENT_MISSING' })
  const begins = { code: 'PERDURE_ERR_LOG_POSITION_UNKNOWN', message: /begins at position .*Nothing.*Put the missing/ }
  await refuses([store, segment(0)], begins)
  await seesAll(t, base)
})

t.test('segments that the store has, and a store that the log can build, need not be there', async (t) => {
  const { base, store, segment } = await threeOwners(t)
  rmSync(store, { recursive: true })
  await seesAll(t, base)
  rmSync(segment(0))
  await seesAll(t, base)
})

t.test('a store of an older backup goes on where the log still reaches back to it', async (t) => {
  const { base, log, store } = await threeOwners(t)
  const backup = join(base, 'backup')
  copy(store, backup)
  const env = { RESTATE_LOG__SEGMENT_SIZE: '4KiB' }
  const restore = () => {
    rmSync(store, { recursive: true })
    copy(backup, store)
  }
  const engine = await startEngine(t, base)
  await engine.partition.send(later('d'))
  await engine.close()
  restore()
  await seesAll(t, base, ['a', 'b', 'c', 'd'])

  const trimming = await startEngine(t, base, env)
  const oldest = segmentsIn(log)[0]
  for (let n = 0; segmentsIn(log)[0] === oldest && n < 500; n += 1) await trimming.partition.send(later(`e${n}`, 1000))
  await trimming.close()
  t.not(segmentsIn(log)[0], oldest)
  restore()
  await t.rejects(startEngine(t, base), { code: 'PERDURE_ERR_LOG_POSITION_UNKNOWN', message: /older than the log/ })
})

t.test('a server that finds the data directory in use has not touched the store', async (t) => {
  const base = shortDirectory(t)
  const first = await startEngine(t, base)
  await first.close()
  const store = join(base, 'test', 'store')
  const before = statSync(join(store, 'store.sqlite')).mtimeMs
  const lock = await DirectoryLock.acquire(join(base, 'test', 'log'))
  t.teardown(() => lock.release())
  await t.rejects(startEngine(t, base), { code: 'PERDURE_ERR_LOG_IN_USE' })
  t.same(readdirSync(store), ['store.sqlite'])
  t.equal(statSync(join(store, 'store.sqlite')).mtimeMs, before)
  rmSync(store, { recursive: true })
  await t.rejects(startEngine(t, base), { code: 'PERDURE_ERR_LOG_IN_USE' })
  t.notOk(existsSync(store), 'not even made')
})

t.test('the data directory is free for others when everything in it is closed, not before', async (t) => {
  const base = shortDirectory(t)
  const engine = await startEngine(t, base)
  const log = join(base, 'test', 'log')
  while (engine.closers.length > 0) {
    await t.rejects(DirectoryLock.acquire(log), { code: 'PERDURE_ERR_LOG_IN_USE' })
    await engine.closers.pop()?.()
  }
  t.same(readdirSync(join(base, 'test', 'store')), ['store.sqlite'])
  const lock = await DirectoryLock.acquire(log)
  await lock.release()
})
