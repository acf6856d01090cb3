import { join } from 'node:path'
import { setTimeout as elapse } from 'node:timers/promises'
import t from 'tap'
import { bytes, id, request, value } from '../core/fixtures.ts'
import { end, fail, output, say, sleep, startPartition, suspend, tick, until } from './harness.ts'
import { ManualLog } from './manual-log.ts'

t.test('nothing is answered before the log has it; the first attempt starts all the same', async (t) => {
  const log = new ManualLog({ automatic: false })
  const running = await startPartition(t, log, t.testdir())
  let isAccepted = false
  const accepted = running.partition.send(request('a')).then((acceptance) => {
    isAccepted = true
    return acceptance
  })
  await tick()
  t.equal(running.runner.orders.length, 1)
  t.equal(isAccepted, false)
  log.sync()
  t.same(await accepted, { id: id('a'), status: 'accepted', executionTime: undefined })
  t.match(await running.partition.send(request('a')), { status: 'previously-accepted' })

  const call = running.partition.attach(id('a'))
  let isAnswered = false
  call.completion.then(() => {
    isAnswered = true
  })
  say(running, 'inv_a', output('"out"'), end)
  await tick()
  t.equal(isAnswered, false)
  log.sync()
  t.match(await call.completion, { result: value('"out"'), retainedUntil: undefined })
  t.match(await running.partition.attach(id('a')).completion, { result: value('"out"'), retainedUntil: Number })
})

t.test('what arrives while the disk is busy goes to it together', async (t) => {
  const log = new ManualLog({ automatic: false })
  const running = await startPartition(t, log, t.testdir())
  const sends = [running.partition.send(request('0'))]
  await tick()
  t.equal(log.records.length, 1)
  for (let n = 1; n <= 50; n += 1) sends.push(running.partition.send(request(`${n}`)))
  await tick()
  t.equal(log.records.length, 1, 'the disk is busy')
  log.sync()
  await tick()
  t.equal(log.records.length, 2, 'fifty in one batch')
  log.sync()
  await Promise.all(sends)
})

t.test('an entry reaches the service only when it is durable, and once', async (t) => {
  const log = new ManualLog({ automatic: false })
  const running = await startPartition(t, log, t.testdir())
  running.partition.call(request('a'))
  await tick()
  log.sync()
  const run = {
    type: 'append-entry',
    payload: bytes('run'),
    entry: { kind: 'run', completionId: 1, name: '' },
  } as const
  say(running, 'inv_a', run, { type: 'propose-run', completionId: 1, result: value('1') })
  await tick()
  t.same(running.runner.notified, [])
  // While that is being synced, the handler suspends on what is on its way: it goes on with all of it, told once.
  say(running, 'inv_a', suspend(1))
  await tick()
  t.equal(running.runner.orders.length, 1)
  log.sync()
  await tick()
  t.same(running.runner.notified, [{ id: id('a'), index: 2 }], 'to the attempt that was open then')
  t.match(running.runner.orders[1], { journalLength: 3 })
})

t.test('what an older attempt says does not count', async (t) => {
  const running = await startPartition(t, new ManualLog({ automatic: true }), t.testdir())
  const call = running.partition.call(request('a'))
  await until(() => running.runner.orders.length === 1, 'first attempt')
  const old = running.runner.last('inv_a')
  say(running, 'inv_a', fail(Date.now()))
  await until(() => running.runner.orders.length === 2, 'second attempt')
  t.equal(running.partition.propose(old.attempt, { type: 'end', seq: old.invocation.seq, now: Date.now() }), true)
  t.equal(running.partition.invocation(id('a'))?.status, 'invoked')
  say(running, 'inv_a', output('1'), end)
  t.match(await call.completion, { result: value('1') })
})

t.test('durable callbacks run when the command is in the log', async (t) => {
  const log = new ManualLog({ automatic: false })
  const running = await startPartition(t, log, t.testdir())
  running.partition.call(request('a'))
  await tick()
  log.sync()
  const { attempt, invocation } = running.runner.last('inv_a')
  let isDurable = false
  const { payload, entry, type } = output('1')
  const command = { type, payload, entry, seq: invocation.seq, now: Date.now() }
  running.partition.propose(
    attempt,
    { ...command, deployment: { deploymentId: 'dp_1' as never, protocolVersion: 6 } },
    () => {
      isDurable = true
    },
  )
  await tick()
  t.equal(isDurable, false)
  log.sync()
  t.equal(isDurable, true)
})

t.test('when too much waits for the disk, services are slowed down and requests wait', async (t) => {
  const log = new ManualLog({ automatic: false })
  const running = await startPartition(t, log, t.testdir(), { maxPendingBytes: 4096 })
  let drained = 0
  running.partition.onDrain(() => {
    drained += 1
  })
  running.partition.call(request('a'))
  t.equal(say(running, 'inv_a', output('x'.repeat(100))), true)
  t.equal(say(running, 'inv_a', output('x'.repeat(5000))), false)
  const waiting = running.partition.send(request('b'))
  await tick()
  t.equal(running.runner.orders.length, 1, 'the request waits')
  log.sync()
  await tick()
  log.sync()
  await until(() => drained > 0, 'drained')
  await until(() => {
    log.sync()
    return running.runner.orders.length === 2
  }, 'the request goes on')
  log.sync()
  t.match(await waiting, { status: 'accepted' })
})

t.test('output tells what is known, without waiting', async (t) => {
  const running = await startPartition(t, new ManualLog({ automatic: true }), t.testdir())
  t.same(await running.partition.output(id('a')), { status: 'unknown' })
  t.equal(await running.partition.attach(id('a')).completion, undefined)
  running.partition.call(request('a'))
  t.same(await running.partition.output(id('a')), { status: 'in-flight' })
  say(running, 'inv_a', output('1'), end)
  t.match(await running.partition.output(id('a')), { status: 'completed', completion: { result: value('1') } })
})

t.test('a caller that has gone is forgotten; the invocation goes on', async (t) => {
  const running = await startPartition(t, new ManualLog({ automatic: true }), t.testdir())
  const gone = running.partition.call(request('a'))
  const stays = running.partition.attach(id('a'))
  gone.completion.then(() => t.fail('answered'))
  gone.cancel()
  say(running, 'inv_a', output('1'), end)
  t.match(await stays.completion, { result: value('1') })
})

t.test('finished invocations leave memory when the store has them, and are still found', async (t) => {
  const running = await startPartition(t, new ManualLog({ automatic: true }), t.testdir())
  for (let n = 0; n < 20; n += 1) {
    const call = running.partition.call(request(`${n}`))
    say(running, `inv_${n}`, output('1'), end)
    await call.completion
  }
  await running.store.checkpoint()
  t.equal(running.partition.hotInvocations, 0)
  t.match(await running.partition.attach(id('7')).completion, { result: value('1') })
  t.match(await running.partition.send(request('7')), { status: 'previously-accepted' })
})

t.test('what is past its retention is removed, and its id is free', async (t) => {
  const running = await startPartition(t, new ManualLog({ automatic: true }), t.testdir(), { cleanupIntervalMs: 20 })
  const retention = { completionRetentionMs: 50, journalRetentionMs: 50 }
  const call = running.partition.call(request('a', retention))
  say(running, 'inv_a', output('1'), end)
  await call.completion
  await until(() => running.partition.invocation(id('a')) === undefined, 'expired')
  await until(() => running.store.byId(id('a')) === undefined, 'removed')
  t.match(await running.partition.send(request('a', retention)), { status: 'accepted' })
})

t.test('where expiry waits for the sweep, an expired result is given out until then', async (t) => {
  const running = await startPartition(t, new ManualLog({ automatic: true }), t.testdir(), { expiresExactly: false })
  const retention = { completionRetentionMs: 1, journalRetentionMs: 1 }
  const call = running.partition.call(request('a', retention))
  say(running, 'inv_a', output('1'), end)
  await call.completion
  await elapse(20)
  t.match(await running.partition.call(request('a', retention)).completion, { result: value('1') })
  t.match(await running.partition.send(request('a', retention)), { status: 'previously-accepted' })
})

t.test('what was removed stays removed, although the store may lag and memory has let go of it', async (t) => {
  const log = new ManualLog({ automatic: true })
  const running = await startPartition(t, log, t.testdir())
  for (const what of ['journal', 'all'] as const) {
    const name = `purge-${what}`
    const call = running.partition.call(request(name))
    say(running, `inv_${name}`, output('1'), end)
    await call.completion
    await running.store.checkpoint()
    const outcome = await running.partition.operate({ type: 'purge', now: Date.now(), id: id(name), what })
    t.equal(outcome, 'done')
    for (let round = 0; round < 20; round += 1) {
      const seen = running.partition.invocation(id(name))
      t.equal(seen?.journal.length, what === 'journal' ? 0 : undefined)
      // More completions make memory let go of earlier ones.
      const other = running.partition.call(request(`${name}-${round}`))
      say(running, `inv_${name}-${round}`, output('1'), end)
      await other.completion
      if (round % 3 === 0) await running.store.checkpoint()
    }
  }
})

t.test('after a restart everything goes on: sleeping, scheduled, backing off, running', async (t) => {
  const log = new ManualLog({ automatic: true })
  const directory = t.testdir()
  const before = await startPartition(t, log, join(directory, 'before'))
  const now = Date.now()
  await before.partition.send(request('sleeping'))
  await before.partition.send(request('scheduled', { executionTime: now + 150 }))
  await before.partition.send(request('failing'))
  await before.partition.send(request('running'))
  say(before, 'inv_sleeping', sleep(1, now + 150), suspend(1))
  say(before, 'inv_failing', fail(now + 150))
  await before.partition.output(id('running'))
  // As after a crash: the store may lack the newest part of the log, and nothing is closed in order.
  const after = await startPartition(t, log, join(directory, 'after'))
  await until(() => after.runner.orders.length === 4, 'all have an attempt again')
  t.ok(Date.now() >= now + 150, 'none before its time')
  t.same(after.runner.orders.map((order) => [order.invocation.id, order.journalLength]).sort(), [
    ['inv_failing', 1],
    ['inv_running', 1],
    ['inv_scheduled', 1],
    ['inv_sleeping', 3],
  ])
  t.match(after.runner.last('inv_failing').invocation.retry, { countedFailures: 1 }, 'retries go on counting')
  for (const name of ['sleeping', 'scheduled', 'failing', 'running']) {
    say(after, `inv_${name}`, output(name), end)
    t.match(await after.partition.attach(id(name)).completion, { result: value(name) })
  }
})

t.test('a closed partition takes nothing more, and says so', async (t) => {
  const running = await startPartition(t, new ManualLog({ automatic: true }), t.testdir())
  const call = running.partition.call(request('a'))
  await tick()
  const refused = t.rejects(call.completion, { code: 'PERDURE_ERR_PARTITION_CLOSED' })
  await running.close()
  await refused
  await t.rejects(running.partition.send(request('b')), { code: 'PERDURE_ERR_PARTITION_CLOSED' })
  await t.rejects(running.partition.call(request('c')).completion, { code: 'PERDURE_ERR_PARTITION_CLOSED' })
})

t.test('what can be seen may be told when it is in the log', async (t) => {
  const log = new ManualLog({ automatic: false })
  const { partition } = await startPartition(t, log, t.testdir())
  const accepted = partition.send(request('a'))
  t.ok(partition.invocation(id('a')))
  let isDurable = false
  const durable = partition.durable().then(() => {
    isDurable = true
  })
  await tick()
  t.equal(isDurable, false)
  log.sync()
  await durable
  await accepted
})

t.test('a retry waits no longer than was meant, although the clock was set back before the restart', async (t) => {
  const log = new ManualLog({ automatic: true })
  const directory = t.testdir()
  const before = await startPartition(t, log, join(directory, 'before'))
  await before.partition.send(request('failing'))
  say(before, 'inv_failing', fail(Date.now() + 150))
  await before.partition.output(id('failing'))
  const anHour = 3_600_000
  const after = await startPartition(t, log, join(directory, 'after'), { now: () => Date.now() - anHour })
  t.equal(after.runner.orders.length, 0)
  await until(() => after.runner.orders.length === 1, 'the next attempt')
})

t.test(
  'an operator who is faster than the restart of an attempt does not get a second one beside the first',
  async (t) => {
    const log = new ManualLog({ automatic: true })
    const directory = t.testdir()
    const before = await startPartition(t, log, join(directory, 'before'))
    await before.partition.send(request('failing'))
    say(before, 'inv_failing', fail(Date.now() + 150))
    await before.partition.output(id('failing'))
    const anHour = 3_600_000
    const now = () => Date.now() - anHour
    const after = await startPartition(t, log, join(directory, 'after'), { now })
    await after.partition.operate({ type: 'resume', now: now(), id: id('failing'), deployment: 'keep' })
    await until(() => after.runner.orders.length === 1, 'the attempt that was asked for')
    say(after, 'inv_failing', fail(now() + anHour))
    await new Promise((resolve) => setTimeout(resolve, 400))
    t.equal(after.runner.orders.length, 1, 'it waits for the time that its failure has given')
  },
)
