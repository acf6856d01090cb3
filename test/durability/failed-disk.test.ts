import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { id, request } from '../core/fixtures.ts'
import { shortDirectory } from '../harness/short-directory.ts'
import { startPartition, tick } from '../partition/harness.ts'
import { ManualLog } from '../partition/manual-log.ts'
import { later, startEngine } from './engine.ts'

t.test('an embedder can close a server whose store has failed, and starts it again with everything', async (t) => {
  const base = shortDirectory(t)
  const engine = await startEngine(t, base)
  await engine.partition.send(later('before'))
  await engine.store.checkpoint()
  const other = new DatabaseSync(join(base, 'test', 'store', 'store.sqlite'))
  // The writer cannot begin: as good a failure as any.
  other.exec('BEGIN IMMEDIATE')
  await engine.partition.send(later('acknowledged'))
  const attached = engine.partition.attach(id('acknowledged'))
  const checkpointed = t.rejects(engine.store.checkpoint(), { code: 'PERDURE_ERR_STORE_FAILED' })
  await t.rejects(attached.completion, { code: 'PERDURE_ERR_PARTITION_FAILED' })
  await checkpointed
  t.match(engine.fatal, [{ code: 'PERDURE_ERR_STORE_FAILED', message: /locked.*The log has everything/ }])
  await t.rejects(engine.store.sync(), { code: 'PERDURE_ERR_STORE_FAILED' })
  await t.rejects(engine.partition.send(later('after')), { code: /PERDURE_ERR_PARTITION_/ })
  await t.rejects(engine.partition.attach(id('before')).completion, { code: 'PERDURE_ERR_PARTITION_FAILED' })
  await t.rejects(engine.partition.output(id('before')), { code: 'PERDURE_ERR_PARTITION_FAILED' })
  await engine.close()
  other.close()
  t.equal(engine.fatal.length, 1, 'told once')

  const again = await startEngine(t, base)
  for (const name of ['before', 'acknowledged']) t.ok(again.partition.invocation(id(name)), name)
  await again.close()
})

t.test('when the log has failed nothing is answered, everybody is told, and the partition can be closed', async (t) => {
  const log = new ManualLog({ automatic: false })
  const { partition, store, runner } = await startPartition(t, log, t.testdir())
  const written = partition.send(request('a'))
  await tick()
  t.equal(log.pending, 1)
  const gathered: Promise<unknown>[] = [
    partition.send(request('b')),
    partition.call(request('c')).completion,
    partition.output(id('a')),
    partition.operate({ type: 'kill', now: Date.now(), id: id('a') }),
  ]
  const attempts = runner.orders.length
  partition.fail(new Error('the disk'))
  for (const promise of [written as Promise<unknown>, ...gathered])
    await t.rejects(promise, { code: 'PERDURE_ERR_PARTITION_FAILED' })
  log.sync()
  await tick()
  t.equal(store.pendingBytes, 0, 'what comes late does not count')
  t.equal(runner.orders.length, attempts, 'and starts nothing')
  await partition.close()
})

t.test('segments that cannot be deleted do not stop the server, and go later', async (t) => {
  const base = shortDirectory(t)
  const engine = await startEngine(t, base, { RESTATE_LOG__SEGMENT_SIZE: '4KiB' })
  const trim = engine.segmentLog.trim.bind(engine.segmentLog)
  let isBroken = true
  let tries = 0
  engine.segmentLog.trim = async (position) => {
    tries += 1
    if (isBroken) throw Object.assign(new Error('ENOSPC: no space left on device, unlink'), { code: 'ENOSPC' })
    await trim(position)
  }
  let sent = 0
  const send = () => engine.partition.send(later(`n${sent++}`, 1000))
  while (tries < 2) await send()
  t.same(engine.fatal, [])
  const said = engine.lines.filter((line) => line.includes('log-trim-failed'))
  t.match(said[0], /ENOSPC/)
  t.ok(said.length < sent / 3, 'not with every checkpoint')
  t.equal(engine.segmentLog.start, 0)
  isBroken = false
  for (let n = 0; n < 1000 && engine.segmentLog.start === 0; n += 1) await send()
  t.ok(engine.segmentLog.start > 0)
})
