import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writev } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { PerdureError } from '../../src/errors/perdure-error.ts'
import { type LogFiles, nodeFiles } from '../../src/log/files.ts'
import { openSegmentLog } from '../../src/log/segment-log.ts'
import { type FullDiskStory, fillDisk } from './fill-disk.ts'
import { appendAll, batchesOf, numberedBatch, openLog, scratchDirectory } from './scratch-log.ts'
import { SmallDisk } from './small-disk.ts'

function diskError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code })
}

/**
 * Opens a log, appends one batch, then makes the disk fail and appends more until the log gives up. Checks what holds
 * for every such failure, and that the log opens again when the disk is well.
 */
async function failingLog(
  t: Test,
  broken: Partial<LogFiles>,
  directory = scratchDirectory(t),
  segmentSizeBytes = 1 << 20,
) {
  let isBroken = false
  const files: LogFiles = {
    ...nodeFiles,
    writev: (...call) => (isBroken ? (broken.writev ?? nodeFiles.writev) : nodeFiles.writev)(...call),
    fdatasync: (...call) => (isBroken ? (broken.fdatasync ?? nodeFiles.fdatasync) : nodeFiles.fdatasync)(...call),
    fsync: (...call) => (isBroken ? (broken.fsync ?? nodeFiles.fsync) : nodeFiles.fsync)(...call),
    open: (...call) => (isBroken ? (broken.open ?? nodeFiles.open) : nodeFiles.open)(...call),
    syncDirectory: (...call) =>
      (isBroken ? (broken.syncDirectory ?? nodeFiles.syncDirectory) : nodeFiles.syncDirectory)(...call),
    rename: (...call) => (isBroken ? (broken.rename ?? nodeFiles.rename) : nodeFiles.rename)(...call),
  }
  const fatal: PerdureError[] = []
  const log = await openSegmentLog({ directory, segmentSizeBytes, files, onFatal: (error) => fatal.push(error) })
  const told: number[] = []
  const append = (n: number) => log.append(numberedBatch(n, 1000), () => told.push(n))
  append(0)
  await appendAll(log, [Buffer.from('safe')])
  isBroken = true
  append(1)
  append(2)
  const { tail } = log
  await until(() => fatal.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const [error] = fatal
  t.equal(fatal.length, 1, 'onFatal is called once')
  t.same(told, [0], 'no callback of what was not synced runs')
  t.equal(log.tail, tail, 'the tail stays')
  t.throws(() => append(3), { code: error?.code }, 'further appends throw')
  isBroken = false
  t.throws(() => append(4), { code: error?.code }, 'also when the disk is well again')
  await log.close()
  t.same(told, [0])

  const again = await openLog(directory)
  const found = batchesOf(again)
  t.same(found.slice(0, 2), [numberedBatch(0, 1000), Buffer.from('safe')], 'what was acknowledged is there')
  await appendAll(again, [Buffer.from('on')])
  t.equal(batchesOf(again).length, found.length + 1, 'and the log goes on')
  await again.close()
  return error
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

t.test('a full disk stops the log', async (t) => {
  // A real refusal of the kernel: this device has no space, ever.
  const full = openSync('/dev/full', 'r+')
  t.teardown(() => closeSync(full))
  const error = await failingLog(t, { writev: (_fd, buffers, at, done) => writev(full, buffers, at, done) })
  t.match(error, { code: 'PERDURE_ERR_LOG_DISK_FULL', message: /no space left .*0000\.log \(ENOSPC\).*Free space/ })
})

t.test('a write that the full disk cuts short stops the log and says that the disk is full', async (t) => {
  let calls = 0
  const error = await failingLog(t, {
    writev: (fd, buffers, at, done) => {
      if (++calls > 1) return process.nextTick(done, diskError('ENOSPC'), 0)
      nodeFiles.writev(fd, [Buffer.concat(buffers).subarray(0, 1500)], at, done)
    },
  })
  t.match(error, { code: 'PERDURE_ERR_LOG_DISK_FULL' })
  t.equal(calls, 2)
})

t.test('a short write without a reason stops the log', async (t) => {
  const error = await failingLog(t, {
    writev: (fd, buffers, at, done) => nodeFiles.writev(fd, [Buffer.concat(buffers).subarray(0, 7)], at, done),
  })
  t.match(error, { code: 'PERDURE_ERR_LOG_WRITE_FAILED', message: /wrote 7 of 2032 bytes.*Free space/ })
})

t.test('a write error stops the log', async (t) => {
  const error = await failingLog(t, {
    writev: (_fd, _buffers, _at, done) => process.nextTick(done, diskError('EIO'), 0),
  })
  t.match(error, { code: 'PERDURE_ERR_LOG_WRITE_FAILED', message: /EIO.*Check the disk/ })
})

t.test('a failed sync stops the log and is not tried again', async (t) => {
  let syncs = 0
  const error = await failingLog(t, {
    fdatasync: (_fd, done) => {
      syncs++
      process.nextTick(done, diskError('EIO'))
    },
  })
  t.match(error, { code: 'PERDURE_ERR_LOG_SYNC_FAILED', message: /EIO.*does not\s+try again/ })
  t.equal(syncs, 1)
})

t.test('a sync that finds the disk full says so', async (t) => {
  const error = await failingLog(t, { fdatasync: (_fd, done) => process.nextTick(done, diskError('ENOSPC')) })
  t.match(error, { code: 'PERDURE_ERR_LOG_DISK_FULL' })
})

t.test('a segment that cannot be begun stops the log', async (t) => {
  const rename = () => Promise.reject(diskError('EIO'))
  t.match(await failingLog(t, { rename }, scratchDirectory(t), 500), { code: 'PERDURE_ERR_LOG_WRITE_FAILED' })
  const fsync = () => Promise.reject(diskError('EIO'))
  t.match(await failingLog(t, { fsync }, scratchDirectory(t), 500), { code: 'PERDURE_ERR_LOG_SYNC_FAILED' })
  const open = () => Promise.reject(diskError('EMFILE'))
  t.match(await failingLog(t, { open }, scratchDirectory(t), 500), {
    code: 'PERDURE_ERR_LOG_WRITE_FAILED',
    message: /too many files and connections are open \(EMFILE\).*safe.*ulimit -n/,
  })
  for (const code of ['EIO', 'ENOSPC', 'EMFILE']) {
    const syncDirectory = () => Promise.reject(diskError(code))
    t.match(await failingLog(t, { syncDirectory }, scratchDirectory(t), 500), { code: /PERDURE_ERR_LOG_/ }, code)
  }
})

t.test('opening on a failing disk is refused with the same errors and leaves nothing locked', async (t) => {
  const directory = scratchDirectory(t)
  const log = await openLog(directory)
  await appendAll(log, [Buffer.from('x')])
  await log.close()
  const full: LogFiles['writev'] = (_fd, _buffers, _at, done) => process.nextTick(done, diskError('ENOSPC'), 0)
  const fsync = () => Promise.reject(diskError('EIO'))
  await t.rejects(openLog(directory, 1000, { ...nodeFiles, writev: full }), { code: 'PERDURE_ERR_LOG_DISK_FULL' })
  await t.rejects(openLog(directory, 1000, { ...nodeFiles, fsync }), { code: 'PERDURE_ERR_LOG_SYNC_FAILED' })
  await using again = await openLog(directory)
  t.same(batchesOf(again).map(String), ['x'])
})

t.test('after a failed sync, opening writes the last group again before it trusts a sync', async (t) => {
  const directory = scratchDirectory(t)
  let fail = false
  const files: LogFiles = {
    ...nodeFiles,
    fdatasync: (fd, done) => (fail ? process.nextTick(done, diskError('EIO')) : nodeFiles.fdatasync(fd, done)),
  }
  const failed = Promise.withResolvers<PerdureError>()
  const log = await openSegmentLog({ directory, segmentSizeBytes: 1 << 20, files, onFatal: failed.resolve })
  const [first = 0] = await appendAll(log, [numberedBatch(1, 84)])
  fail = true
  log.append(numberedBatch(2, 184), () => t.fail('was not synced'))
  await failed.promise
  await log.close()
  const written: [number, number][] = []
  const writev: LogFiles['writev'] = (fd, buffers, at, done) => {
    written.push([at, Buffer.concat(buffers).length])
    nodeFiles.writev(fd, buffers, at, done)
  }
  await using again = await openLog(directory, 1 << 20, { ...nodeFiles, writev })
  t.same(written[0], [64 + first, 200], 'the group whose sync failed')
  t.equal(batchesOf(again).length, 2)
})

function checkStory(t: Test, story: FullDiskStory): void {
  t.match(story, { stopped: /^PERDURE_ERR_LOG_DISK_FULL .*ENOSPC/, isKept: true })
  t.ok(story.durable > 100)
  t.match(story.reopened, /^PERDURE_ERR_LOG_DISK_FULL /, 'as long as it is full')
  t.equal(story.inTheEnd, story.found + 1)
}

t.test('a disk that ends runs full, and is freed', async (t) => {
  const disk = new SmallDisk(800_000)
  checkStory(t, await fillDisk(scratchDirectory(t), () => disk.free(200_000), disk.files))
})

t.test('so does a real file system, where one can be mounted', async (t) => {
  const mounted = scratchDirectory(t)
  const script = 'mount -t tmpfs -o size=1m tmpfs "$1" && echo mounted && exec "$2" "$3" "$1"'
  const program = [mounted, process.execPath, join(import.meta.dirname, 'fill-mounted-disk.ts')]
  // In a mount namespace it is gone with the process. Whoever is not root makes a user namespace to be it there.
  for (const flags of ['-rm', '-m']) {
    const ran = spawnSync('unshare', [flags, 'sh', '-c', script, 'sh', ...program], { encoding: 'utf8' })
    if (ran.stdout?.startsWith('mounted\n')) {
      t.equal(ran.status, 0, ran.stderr)
      checkStory(t, JSON.parse(ran.stdout.slice('mounted\n'.length)))
      return
    }
    // As in most containers; the disk of the test above ends too.
    t.not(ran.status, 0, ran.stderr)
  }
})
